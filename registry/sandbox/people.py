"""What a sandbox needs of its personas: whom to sign in as, and for whom a register fails."""

from __future__ import annotations

from auth.signin.personas import Persona as SignInPersona
from datasets.synthetic.personas import load
from registry.kernel.faults import Fault


def sign_in_personas() -> tuple[SignInPersona, ...]:
    """Return the personas whom a visitor of the demo's provider can be, in their order."""
    return tuple(
        SignInPersona(
            persona.slug,
            persona.name,
            persona.story,
            persona.personal_id,
            multi_factor=persona.multi_factor,
        )
        for persona in load().personas
        if persona.sign_in
    )


def planned_faults() -> dict[str, Fault]:
    """Return by personal id which registers fail for a persona."""
    return {p.personal_id: p.fault for p in load().personas if p.fault}
