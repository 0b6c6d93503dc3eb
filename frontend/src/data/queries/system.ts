import { useQuery } from "@tanstack/react-query";
import { keys } from "../../api/keys";
import { answerOf, api } from "../client";

const ASK_AGAIN_MS = 10_000;

/** What the page has to know about this installation: flags, addresses, speech-to-text. Asked for until it is known. */
export function useConfig() {
  return useQuery({
    queryKey: keys.config,
    queryFn: ({ signal }) => answerOf(api.GET("/api/config", { signal })),
    staleTime: 5 * 60_000,
    refetchInterval: (query) => (query.state.data ? false : ASK_AGAIN_MS),
  });
}

/** The versions of Vidferry and yt-dlp; the latter changes while Vidferry runs. */
export function useVersions() {
  return useQuery({
    queryKey: keys.versions,
    queryFn: ({ signal }) => answerOf(api.GET("/api/versions", { signal })),
    staleTime: 5 * 60_000,
  });
}
