// Files that are dropped, chosen or pasted, those of folders too.

import { isPicture } from "./pictures";

export interface Given {
  /** Each with its path, such as `trip/7.jpg`. */
  pictures: { file: File; path: string }[];
  /** Paths of what is no picture. */
  others: string[];
  /** Whether a folder was given. */
  folder: boolean;
}

/** What a list of files holds; hidden files, which systems leave behind, are no specimens. */
export function given(files: Iterable<File>): Given {
  const named = [...files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
  return sorted(named, named.some(({ path }) => path.includes("/")));
}

/** What was dropped, with everything in dropped folders. */
export async function dropped(data: DataTransfer): Promise<Given> {
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  const folder = entries.some((entry) => entry?.isDirectory);
  if (!folder) return given(data.files);
  const found = await Promise.all(entries.map((entry) => (entry ? within(entry) : [])));
  return sorted(found.flat(), true);
}

async function within(entry: FileSystemEntry): Promise<{ file: File; path: string }[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((take, fail) =>
      (entry as FileSystemFileEntry).file(take, fail),
    );
    return [{ file, path: entry.fullPath.replace(/^\//, "") }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const all: { file: File; path: string }[] = [];
  for (;;) {
    // A reader gives a hundred entries at a time.
    const some = await new Promise<FileSystemEntry[]>((take, fail) =>
      reader.readEntries(take, fail),
    );
    if (!some.length) return all;
    for (const one of some) all.push(...(await within(one)));
  }
}

function sorted(files: { file: File; path: string }[], folder: boolean): Given {
  const seen = files.filter(({ path }) => !path.split("/").some((part) => part.startsWith(".")));
  seen.sort((one, other) => one.path.localeCompare(other.path, undefined, { numeric: true }));
  if (!folder) return { pictures: seen, others: [], folder }; // the service says what is wrong
  return {
    pictures: seen.filter(({ file }) => isPicture(file)),
    others: seen.filter(({ file }) => !isPicture(file)).map(({ path }) => path),
    folder,
  };
}
