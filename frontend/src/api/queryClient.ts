import { QueryClient } from "@tanstack/react-query";
import { Problem } from "./client";

const RETRIES = 2;

/** What a mutation's success changes beside lists and subscriptions; other tabs are told. */
export type MutationNews = {
  /** The list that has new videos. */
  newIn?: string;
  /** What became of the video whose id `mutate` is called with. */
  video?: "changed" | "removed";
  /** Every tab's own live updates tell of it. */
  isToldLive?: boolean;
};

declare module "@tanstack/react-query" {
  interface Register {
    mutationMeta: MutationNews;
  }
}

/**
 * Live updates keep what is shown fresh, so little is asked twice. The network mode is "always" because Vidferry may run
 * on this very machine, which needs no network; whether it can be reached is for the request to find out.
 */
export function makeQueryClient({ retryDelay }: { retryDelay?: number } = {}): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        networkMode: "always",
        refetchOnWindowFocus: false,
        refetchOnReconnect: true,
        retry: (failures, error) => failures < RETRIES && error instanceof Problem && error.isPassing,
        ...(retryDelay !== undefined && { retryDelay }),
      },
      mutations: { networkMode: "always", retry: false },
    },
  });
}
