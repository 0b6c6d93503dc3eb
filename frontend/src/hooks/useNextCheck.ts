import { useQuery } from "@tanstack/react-query";
import { answerOf, api } from "../api/client";
import type { Subscription } from "../api/types";

/** When a subscription is looked at next. Only the schedule itself knows, so each one is asked for alone. */
export function useNextCheck({ id, paused, interval_seconds, last_result }: Subscription): string | null {
  const { data } = useQuery({
    // Not under the list's key: whatever changes the list expects an array there.
    queryKey: ["next-check", id, interval_seconds, last_result?.checked_at ?? null],
    queryFn: ({ signal }) =>
      answerOf(api.GET("/api/subscriptions/{subscription_id}", { params: { path: { subscription_id: id } }, signal })),
    enabled: !paused,
    staleTime: 60_000,
    select: (subscription) => subscription.next_check_at,
  });
  return paused ? null : (data ?? null);
}
