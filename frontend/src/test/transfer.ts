/** What a browser would give along with a drag: texts by their kind, and files. */
export function aTransfer(texts: Record<string, string>, files: File[] = []): DataTransfer {
  const types = [...Object.keys(texts), ...(files.length > 0 ? ["Files"] : [])];
  const data = { types, files, dropEffect: "none", getData: (type: string) => texts[type] ?? "" };
  return data as unknown as DataTransfer;
}

/** A drag over, or a drop onto, `target`. Answers whether the browser was kept from doing its own. */
export function drag(kind: "dragover" | "dragleave" | "drop", data: DataTransfer, target: EventTarget = document.body) {
  const event = new Event(kind, { bubbles: true, cancelable: true });
  Object.defineProperty(event, "dataTransfer", { value: data });
  return !target.dispatchEvent(event);
}
