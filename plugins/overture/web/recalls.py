"""The one thing that can be changed here: a person takes a message back."""

from datetime import UTC, datetime
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from overture.core.days import parse_day
from overture.recalling import case_of, recall
from overture.web.asking import Day, User, Why, settings_of

router = APIRouter()


@router.post("/recall")
def recall_message(request: Request, day: Day, user: User, why: Why) -> RedirectResponse:
    """Withdraw a reader's message of a day in the name of who is logged in, and show it as it is then."""
    now = datetime.now(UTC).replace(tzinfo=None)
    case = case_of({"message": user}, parse_day(day), why.strip(), request.state.overture_user, now)
    recall(settings_of(request), case)
    root = request.scope.get("root_path", "")
    return RedirectResponse(f"{root}/message?{urlencode({'day': day, 'user': user})}", 303)
