"""The routes of every page."""

from __future__ import annotations

from fastapi import APIRouter

from . import collection, docs, identify

router = APIRouter()
for page in (identify, collection, docs):
    router.include_router(page.router)
