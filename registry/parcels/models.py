"""Tables of the land register; imported by nothing outside this folder but migrations."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.kernel.db import Base
from registry.kernel.ledger import RecordColumns, RowId, VersionColumns


class Parcel(RecordColumns, Base):
    """The current state of one parcel (LA_SpatialUnit).

    ``geometry`` is the outline as surveyed, in the system ``srid``; ``outline`` and the four
    sides are derived from it for maps, and ``facts`` is what a map may tell beside them. The
    sides stand only while the parcel does: a retired one is on no map.
    """

    __tablename__ = "parcel"

    code: Mapped[str] = mapped_column(sa.Text, unique=True)
    parcel_id: Mapped[str | None] = mapped_column(sa.Text, unique=True)
    commune: Mapped[str | None] = mapped_column(sa.Text)
    sheet: Mapped[str | None] = mapped_column(sa.Text)
    number: Mapped[str | None] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.Text)
    legal_area: Mapped[float | None] = mapped_column(sa.Double)
    computed_area: Mapped[float | None] = mapped_column(sa.Double)
    srid: Mapped[int | None] = mapped_column(sa.Integer)
    geometry: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    min_x: Mapped[float | None] = mapped_column(sa.Double)
    min_y: Mapped[float | None] = mapped_column(sa.Double)
    max_x: Mapped[float | None] = mapped_column(sa.Double)
    max_y: Mapped[float | None] = mapped_column(sa.Double)
    outline: Mapped[str | None] = mapped_column(sa.Text)
    facts: Mapped[str] = mapped_column(sa.Text)

    __table_args__ = (
        sa.CheckConstraint("state IN ('active', 'retired')", name="state"),
        sa.CheckConstraint("(geometry IS NULL) = (srid IS NULL)", name="srid"),
    )


class ParcelVersion(VersionColumns, Base):
    """One segment of a parcel's history; never deleted. Its document names its outline."""

    __tablename__ = "parcel_version"
    of = "parcel"


class ParcelGeometry(Base):
    """An outline as surveyed, kept for every version that names it by its digest."""

    __tablename__ = "parcel_geometry"

    digest: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    srid: Mapped[int] = mapped_column(sa.Integer)
    wkb: Mapped[bytes] = mapped_column(sa.LargeBinary)


class ParcelReference(Base):
    """Leads from a reference of any generation to every parcel that ever had it.

    The document says in which map series, at which scale and on which days.
    """

    __tablename__ = "parcel_reference"

    commune: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    sheet: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    number: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    parcel: Mapped[int] = mapped_column(
        RowId, sa.ForeignKey("parcel.row"), primary_key=True, index=True
    )


class ParcelCertificate(Base):
    """Leads from the match key of a serial number to every parcel on such a certificate."""

    __tablename__ = "parcel_certificate"

    serial: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    parcel: Mapped[int] = mapped_column(
        RowId, sa.ForeignKey("parcel.row"), primary_key=True, index=True
    )


class ParcelHolder(Base):
    """Leads from a person's number to every parcel that ever named it among its holders.

    By number and not by record, since land files name people whom the register of citizens
    comes to know only later.
    """

    __tablename__ = "parcel_holder"

    personal_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    parcel: Mapped[int] = mapped_column(
        RowId, sa.ForeignKey("parcel.row"), primary_key=True, index=True
    )


class ParcelLineage(Base):
    """Which parcel came from which, by code: either may be in the register before the other."""

    __tablename__ = "parcel_lineage"

    source: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    target: Mapped[str] = mapped_column(sa.Text, primary_key=True, index=True)
    event: Mapped[str] = mapped_column(sa.Text)
    on_day: Mapped[date] = mapped_column(sa.Date)
