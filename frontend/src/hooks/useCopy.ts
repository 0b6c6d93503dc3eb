import { useCallback, useState } from "react";
import { copyText } from "../lib/clipboard";
import { toast } from "../stores/toasts";

export interface Copying {
  copy: (text: string, done: string) => Promise<void>;
  /** What the browser did not let us copy: the reader has to. */
  byHand: string | null;
  close: () => void;
}

export function useCopy(): Copying {
  const [byHand, setByHand] = useState<string | null>(null);
  const copy = useCallback(async (text: string, done: string) => {
    const isCopied = await copyText(text);
    setByHand(isCopied ? null : text);
    if (isCopied) toast({ text: done });
  }, []);
  const close = useCallback(() => setByHand(null), []);
  return { copy, byHand, close };
}
