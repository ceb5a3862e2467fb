"""Tables of the register of households; imported by nothing outside this folder but migrations."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.kernel.db import Base
from registry.kernel.ledger import RecordColumns, RowId, VersionColumns


class Household(RecordColumns, Base):
    """The current state of one household."""

    __tablename__ = "household"

    code: Mapped[str] = mapped_column(sa.Text, unique=True)


class HouseholdVersion(VersionColumns, Base):
    """One segment of a household's history; never deleted."""

    __tablename__ = "household_version"
    of = "household"


class HouseholdMember(Base):
    """Leads from a person to every household that ever named them; the document has the dates."""

    __tablename__ = "household_member"

    citizen_id: Mapped[str] = mapped_column(
        sa.Uuid(as_uuid=False), sa.ForeignKey("citizen.id"), primary_key=True
    )
    household: Mapped[int] = mapped_column(
        RowId, sa.ForeignKey("household.row"), primary_key=True, index=True
    )
