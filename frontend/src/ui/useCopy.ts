import { useCallback, useState } from "react";
import { copyText } from "./clipboard";
import { toast } from "./toasts";

export interface Copying {
  copy: (text: string, done: string) => Promise<void>;
  /** The text that the browser did not let the page copy. */
  uncopied: string | null;
  close: () => void;
}

export function useCopy(): Copying {
  const [uncopied, setUncopied] = useState<string | null>(null);
  const copy = useCallback(async (text: string, done: string) => {
    const isCopied = await copyText(text);
    setUncopied(isCopied ? null : text);
    if (isCopied) toast({ text: done });
  }, []);
  const close = useCallback(() => setUncopied(null), []);
  return { copy, uncopied, close };
}
