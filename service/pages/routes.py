"""The routes of every page."""

from __future__ import annotations

from fastapi import APIRouter

from . import docs, explore, identify, review

router = APIRouter()
for page in (identify, explore, review, docs):
    router.include_router(page.router)
