// Every address of the service: it may lie below a prefix, which the page says.

/** An address that `addressOf` made, with or without a query. */
export type Address = string & { readonly below: "root" };

// Without its last slash; empty where the service has the whole host.
const root = document.body.dataset["root"] ?? "";

/** The address of a path below the root: addressOf`v1/images/${id}`. Values keep their slashes. */
export function addressOf(texts: TemplateStringsArray, ...values: (string | number)[]): Address {
  const parts = texts.map((text, at) => text + (at < values.length ? path(String(values[at])) : ""));
  return `${root}/${parts.join("")}` as Address;
}

/** An address with its query; values that are undefined or null are left out. */
export function withQuery(
  address: Address,
  values: Record<string, string | number | boolean | readonly string[] | null | undefined>,
): Address {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) query.append(name, String(one));
    }
  }
  return (query.size ? `${address}?${query}` : address) as Address;
}

/** The address of a stored image: its thumbnail, or the picture itself. */
export function imageAddress(imageId: string, what: "thumbnail" | "picture"): Address {
  return addressOf`v1/images/${imageId}/${what}`;
}

/**
 * An id as it stands in an address; see `service/addresses.py`.
 *
 * Its slashes stay, unless it ends like an action or has a part that browsers tidy away.
 */
function path(id: string): string {
  const awkward = /(^|\/)\.\.?(\/|$)/.test(id) || /\/(picture|thumbnail|history)$/.test(id);
  return awkward ? encodeURIComponent(id) : id.split("/").map(encodeURIComponent).join("/");
}
