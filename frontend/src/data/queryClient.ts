import { QueryClient } from "@tanstack/react-query";
import { Problem } from "../api/problem";

const RETRIES = 2;

/**
 * Live updates keep what is shown fresh, so little is asked twice. The network mode is "always" because Vidferry may run
 * on this very machine, which needs no network; whether it can be reached is for the request to find out.
 */
export function makeQueryClient({ retryDelay }: { retryDelay?: number } = {}): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        // Whoever comes back after a while finds the place again; live updates keep what is not shown up to date.
        gcTime: 24 * 3_600_000,
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
