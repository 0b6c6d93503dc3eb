import { useQuery } from "@tanstack/react-query";
import type { Subscription } from "../../api/types";
import { answerOf, api } from "../../data/client";

/** When a subscription is checked next. Only its schedule knows, so each one is requested separately. */
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
