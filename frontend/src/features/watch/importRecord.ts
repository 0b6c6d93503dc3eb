import { isLoopback } from "../../data/loopback";

/** Where people read how an import ran: Temporal's own page. */

const USUAL_NAMESPACE = "default";

/** The part of the configuration that says where; older servers may lack any of it. */
export interface TemporalUi {
  temporal_ui_url?: string | null;
  temporal_namespace?: string | null;
}

/** Null where it is not known, or where the reader sits at another machine, from which it cannot be reached. */
export function importRecordUrl(config: TemporalUi, youtubeId: string, hostname: string): string | null {
  const { temporal_ui_url: uiUrl, temporal_namespace: namespace } = config;
  if (!uiUrl || !isLoopback(hostname)) return null;
  const place = encodeURIComponent(namespace || USUAL_NAMESPACE);
  const workflow = encodeURIComponent(`import-video:${youtubeId}`);
  return `${uiUrl.replace(/\/+$/, "")}/namespaces/${place}/workflows/${workflow}`;
}
