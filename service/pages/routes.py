"""The routes of every page."""

from __future__ import annotations

from fastapi import APIRouter

from . import docs, explore, identify

router = APIRouter()
for page in (identify, explore, docs):
    router.include_router(page.router)
