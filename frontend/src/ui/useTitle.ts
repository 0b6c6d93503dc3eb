import { useEffect } from "react";

const NAME = "Vidferry";

/** Names the page in the browser's tab and history, for as long as it is shown; nothing: the app's name alone. */
export function useTitle(title: string | null | undefined): void {
  useEffect(() => {
    document.title = title ? `${title} · ${NAME}` : NAME;
    return () => {
      document.title = NAME;
    };
  }, [title]);
}
