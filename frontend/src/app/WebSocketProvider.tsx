import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect } from "react";
import { useBatchEndToast } from "../features/batches/useBatchEndToast";
import type { OpenSocket } from "../live/session";
import { syncTabs } from "../live/syncTabs";
import { useLiveConnection } from "../live/useLiveConnection";

interface Props {
  children: ReactNode;
  /** Another way to open sockets; the browser's own where there is none. */
  openSocket?: OpenSocket;
}

/** One connection for the whole app, its tabs in sync, and a toast when a batch ends. */
export function WebSocketProvider({ children, openSocket }: Props) {
  const queryClient = useQueryClient();
  useLiveConnection(openSocket);
  useBatchEndToast();
  useEffect(() => syncTabs(queryClient), [queryClient]);
  return children;
}
