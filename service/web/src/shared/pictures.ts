// Pictures of stored images, and of files that are not stored yet.

import { imageAddress } from "./addresses";
import { el } from "./dom";
import type { ImageRecord } from "./records";

const FACTS = ["locality", "date", "institution", "rights_holder", "licence", "source"];
const SIDE = 320; // pixels of a file's thumbnail
const SUFFIXES = /\.(jpe?g|jfif|jpe|png|webp|tiff?)$/i;

/** A thumbnail that is fetched when it is about to be seen. */
export function thumbnail(imageId: string, alt: string): HTMLImageElement {
  return el("img", { src: imageAddress(imageId, "thumbnail"), alt, loading: "lazy" });
}

/** A picture itself, or its thumbnail where the browser cannot show it, such as a TIFF. */
export function whole(imageId: string, alt: string): HTMLImageElement {
  const picture = el("img", { src: imageAddress(imageId, "picture"), alt });
  const second = (): void => void (picture.src = imageAddress(imageId, "thumbnail"));
  picture.addEventListener("error", second, { once: true });
  return picture;
}

/** Where, when and by whom a picture was taken, and what may be done with it, as far as is known. */
export function facts(record: ImageRecord): string[] {
  return FACTS.map((name) => record.details[name] ?? "").filter(Boolean);
}

/** Whether a file may be a picture that the service reads, by its name or type. */
export function isPicture(file: File): boolean {
  return SUFFIXES.test(file.name) || /^image\/(jpeg|png|webp|tiff)$/.test(file.type);
}

/** The address of a small copy of a file's picture; null where the browser cannot show it. */
export async function smallCopy(file: File): Promise<string | null> {
  try {
    const whole = await createImageBitmap(file);
    const scale = Math.min(1, SIDE / Math.max(whole.width, whole.height));
    const canvas = new OffscreenCanvas(
      Math.max(1, Math.round(whole.width * scale)),
      Math.max(1, Math.round(whole.height * scale)),
    );
    canvas.getContext("2d")?.drawImage(whole, 0, 0, canvas.width, canvas.height);
    whole.close();
    return URL.createObjectURL(await canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 }));
  } catch {
    return null;
  }
}
