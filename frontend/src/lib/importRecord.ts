/** Where operators read how an import ran: Temporal's own page. */

const NAMESPACE = "default";
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\]|::1)$/i;

/** Null where it is not known, or where the reader sits at another machine, from which it cannot be reached. */
export function importRecordUrl(temporalUiUrl: string, youtubeId: string, hostname: string): string | null {
  if (!temporalUiUrl || !LOOPBACK.test(hostname)) return null;
  const workflow = encodeURIComponent(`import-video:${youtubeId}`);
  return `${temporalUiUrl.replace(/\/+$/, "")}/namespaces/${NAMESPACE}/workflows/${workflow}`;
}
