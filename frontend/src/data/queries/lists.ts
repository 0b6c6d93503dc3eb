import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { keys } from "../../api/keys";
import { allPages } from "../../api/pages";
import type { VideoList } from "../../api/types";
import { answerOf, api } from "../client";

const LISTS_PER_PAGE = 200;

/** All lists, newest first. */
export function useLists() {
  return useQuery({
    queryKey: keys.lists,
    queryFn: ({ signal }) =>
      allPages((cursor) =>
        answerOf(api.GET("/api/lists", { params: { query: { limit: LISTS_PER_PAGE, ...cursor } }, signal })),
      ),
  });
}

export function useList(listId: string) {
  const queryClient = useQueryClient();
  return useQuery({
    queryKey: keys.list(listId),
    queryFn: ({ signal }) =>
      answerOf(api.GET("/api/lists/{list_id}", { params: { path: { list_id: listId } }, signal })),
    placeholderData: listed(queryClient, listId),
    enabled: listId !== "",
  });
}

function listed(queryClient: QueryClient, listId: string): VideoList | undefined {
  return queryClient.getQueryData<VideoList[]>(keys.lists)?.find((list) => list.id === listId);
}

/** `mutate(name)`. */
export function useCreateList() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => answerOf(api.POST("/api/lists", { body: { name } })),
    onSuccess: (list) => {
      queryClient.setQueryData<VideoList[]>(keys.lists, (lists) => lists && [list, ...lists]);
      void queryClient.invalidateQueries({ queryKey: keys.lists, exact: true });
    },
  });
}

/** `mutate({ id, name })`. */
export function useRenameList() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ id, name }: { id: string; name: string }) =>
      answerOf(api.PATCH("/api/lists/{list_id}", { params: { path: { list_id: id } }, body: { name } })),
    onSuccess: (renamed) => {
      queryClient.setQueryData<VideoList>(keys.list(renamed.id), renamed);
      queryClient.setQueryData<VideoList[]>(keys.lists, (lists) =>
        lists?.map((list) => (list.id === renamed.id ? renamed : list)),
      );
    },
  });
}

/** `mutate(listId)`. */
export function useDeleteList() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (listId: string) =>
      answerOf(api.DELETE("/api/lists/{list_id}", { params: { path: { list_id: listId } } })),
    onSuccess: (_nothing, listId) => {
      queryClient.setQueryData<VideoList[]>(keys.lists, (lists) => lists?.filter((list) => list.id !== listId));
      void queryClient.invalidateQueries({ queryKey: keys.subscriptions });
    },
  });
}
