import { useQuery } from "@tanstack/react-query";
import { answerOf, api } from "../client";
import { keys } from "../keys";

/** What the page has to know about this installation: flags, addresses, speech-to-text. */
export function useConfig() {
  return useQuery({
    queryKey: keys.config,
    queryFn: ({ signal }) => answerOf(api.GET("/api/config", { signal })),
    staleTime: 5 * 60_000,
  });
}
