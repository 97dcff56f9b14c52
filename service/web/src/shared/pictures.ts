// Pictures of stored images.

import { imageAddress } from "./api";
import { el } from "./dom";

/** A thumbnail that is fetched when it is about to be seen. */
export function thumbnail(imageId: string, alt: string): HTMLImageElement {
  return el("img", { src: imageAddress(imageId, "thumbnail"), alt, loading: "lazy" });
}
