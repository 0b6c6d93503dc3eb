import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect } from "react";
import { useLiveConnection } from "../hooks/useLiveConnection";
import type { OpenSocket } from "../lib/session";
import { keepTabsInStep } from "../lib/tabs";

interface Props {
  children: ReactNode;
  /** Another way to open sockets; the browser's own where there is none. */
  openSocket?: OpenSocket;
}

/** One connection for the whole app, and its tabs in step. */
export function WebSocketProvider({ children, openSocket }: Props) {
  const queryClient = useQueryClient();
  useLiveConnection(openSocket);
  useEffect(() => keepTabsInStep(queryClient), [queryClient]);
  return children;
}
