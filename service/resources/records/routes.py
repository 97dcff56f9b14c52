"""Every route to what the collection holds."""

from __future__ import annotations

from fastapi import APIRouter

from . import batches, determinations, images, patches, spaces, specimens, tables, taxa, uploads

router = APIRouter()
for module in (images, uploads, patches, batches, determinations, tables, specimens, taxa, spaces):
    router.include_router(module.router)
