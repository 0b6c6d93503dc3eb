import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { keys } from "../../api/keys";
import { allPages } from "../../api/pages";
import type { Subscription, SubscriptionInput } from "../../api/types";
import { answerOf, api } from "../client";

const SUBSCRIPTIONS_PER_PAGE = 200;

/** What is followed: all of it, or what comes onto one list. */
export function useSubscriptions(listId?: string) {
  return useQuery({
    queryKey: listId ? keys.subscriptionsOf(listId) : keys.subscriptions,
    queryFn: ({ signal }) =>
      allPages((cursor) => {
        const query = { limit: SUBSCRIPTIONS_PER_PAGE, ...(listId && { list_id: listId }), ...cursor };
        return answerOf(api.GET("/api/subscriptions", { params: { query }, signal }));
      }),
  });
}

/** `mutate({ list_id, source, interval_seconds, import_existing })`; a Problem with `body.subscription` if followed already. */
export function useAddSubscription() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: SubscriptionInput) => answerOf(api.POST("/api/subscriptions", { body })),
    onSuccess: () => reload(queryClient),
  });
}

/** `mutate({ id, interval_seconds })`. */
export function useChangeSubscription() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...body }: { id: string; interval_seconds: number }) =>
      answerOf(api.PATCH("/api/subscriptions/{subscription_id}", { ...at(id), body })),
    onSuccess: (subscription) => show(queryClient, subscription),
  });
}

/** `mutate({ id, paused })`. */
export function usePauseSubscription() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ id, paused }: { id: string; paused: boolean }) =>
      answerOf(api.POST(`/api/subscriptions/{subscription_id}/${paused ? "pause" : "resume"}`, at(id))),
    onSuccess: (subscription) => show(queryClient, subscription),
  });
}

/** `mutate(id)`: checks for new videos now. */
export function useRunSubscription() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => answerOf(api.POST("/api/subscriptions/{subscription_id}/run", at(id))),
    onSuccess: (subscription) => show(queryClient, subscription),
  });
}

/** `mutate(id)`: follows no longer; the videos stay. */
export function useDeleteSubscription() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => answerOf(api.DELETE("/api/subscriptions/{subscription_id}", at(id))),
    onSuccess: (_nothing, id) => {
      queryClient.setQueriesData<Subscription[]>({ queryKey: keys.subscriptions }, (subscriptions) =>
        subscriptions?.filter((subscription) => subscription.id !== id),
      );
      reload(queryClient);
    },
  });
}

function show(queryClient: QueryClient, changed: Subscription): void {
  // The answer to a change does not know the time of the next check; the list does, which is read again.
  queryClient.setQueriesData<Subscription[]>({ queryKey: keys.subscriptions }, (subscriptions) =>
    subscriptions?.map((known) =>
      known.id === changed.id ? { ...changed, next_check_at: changed.next_check_at ?? known.next_check_at } : known,
    ),
  );
}

/** Nobody waits for it: what was asked for is done, whatever becomes of the reading. */
function reload(queryClient: QueryClient): void {
  void queryClient.invalidateQueries({ queryKey: keys.subscriptions });
}

function at(id: string) {
  return { params: { path: { subscription_id: id } } };
}
