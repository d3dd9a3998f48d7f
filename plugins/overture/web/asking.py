"""What a request may say: every parameter, its length and its form."""

from typing import Annotated, cast

from fastapi import Form, Query, Request

from overture.settings import Settings

LONGEST_ID, LONGEST_WHY = 200, 500

Day = Annotated[str, Query(min_length=10, max_length=10, description="YYYY-MM-DD")]
PerhapsDay = Annotated[str, Query(max_length=10, description="YYYY-MM-DD, or empty")]
User = Annotated[str, Query(min_length=1, max_length=LONGEST_ID)]
Beginning = Annotated[str, Query(max_length=LONGEST_ID)]
Why = Annotated[str, Form(min_length=3, max_length=LONGEST_WHY, pattern=r"\S")]


def settings_of(request: Request) -> Settings:
    """Return the settings that the application was made with."""
    return cast("Settings", request.app.state.settings)
