import type { ReactNode } from "react";
import { useBatchEndToast } from "../features/batches/useBatchEndToast";
import type { OpenSocket } from "../live/session";
import { useLiveConnection } from "../live/useLiveConnection";

interface Props {
  children: ReactNode;
  /** Another way to open sockets; the browser's own where there is none. */
  openSocket?: OpenSocket;
}

/** One connection for the whole app, and a toast when a batch ends. */
export function WebSocketProvider({ children, openSocket }: Props) {
  useLiveConnection(openSocket);
  useBatchEndToast();
  return children;
}
