// Tables for spreadsheets.

type Value = string | number | null | undefined;

/** Rows as text: RFC 4180, and UTF-8 with a mark so that spreadsheets read it. */
export function tableText(rows: Value[][]): string {
  return `\ufeff${rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("")}`;
}

/** A value; text that a spreadsheet would take for a formula gets an apostrophe. */
function cell(value: string | number | null | undefined): string {
  if (typeof value === "number") return String(Number(value.toFixed(6)));
  const text = value ?? "";
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/** Let the browser save some text as a file. */
export function save(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
