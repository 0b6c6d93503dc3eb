import { useState } from "react";
import { Problem } from "../../api/problem";
import type { ChannelTab, Preview, VideoFilter } from "../../api/types";
import type { PreviewRequest } from "../../data/queries";
import { type Text, useText } from "../../i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { ErrorNotice } from "../../ui/ErrorNotice";
import { isFilterRefusal } from "../../ui/FilterFields";
import { Spinner } from "../../ui/Spinner";
import { toast } from "../../ui/toasts";
import { ImportResultDialog } from "./ImportResultDialog";
import { PreviewFacts } from "./PreviewFacts";
import { SourceOptions } from "./SourceOptions";
import { type ImportResult, useImport } from "./useImport";
import { useImportPreview } from "./useImportPreview";
import { useImportResultText } from "./useImportResultText";

interface Props {
  listId: string;
  wanted: PreviewRequest;
  /** How much there is to look at after this. */
  waiting?: number;
  onDone: () => void;
  onCancel: () => void;
}

/** Previews an import and starts it if the reader confirms. */
export function PreviewDialog({ listId, wanted: named, waiting = 0, onDone, onCancel }: Props) {
  const text = useText();
  const [chosen, setChosen] = useState<{ tab?: ChannelTab; filter?: VideoFilter }>({});
  const wanted = "source" in named ? { ...named, ...chosen } : named;
  const resultWords = useImportResultText();
  const preview = useImportPreview(listId, wanted);
  const importing = useImport(listId, wanted);
  const [result, setResult] = useState<ImportResult | null>(null);

  const confirm = async () => {
    const brought = await importing.run();
    if (!brought) return;
    if (brought.invalid_count > 0) return setResult(brought);
    toast({ text: resultWords(brought) });
    onDone();
  };
  if (result) return <ImportResultDialog result={result} onClose={onDone} />;

  const canAnyway = preview.error instanceof Problem && preview.error.code === "preview_unavailable";
  const label = canAnyway ? text("adding.preview.anyway") : preview.data && confirmLabel(preview.data, text);
  const actions = (
    <>
      <Button kind="quiet" disabled={importing.isBusy} onClick={onCancel} data-autofocus={!label || undefined}>
        {text(label || preview.isPending ? "common.cancel" : "common.close")}
      </Button>
      {label && (
        <Button kind="primary" isBusy={importing.isBusy} onClick={() => void confirm()} ref={focusOn} data-autofocus>
          {label}
        </Button>
      )}
    </>
  );
  return (
    <Dialog
      isOpen
      title={titleOf(wanted, preview.data, text)}
      onClose={onCancel}
      actions={actions}
      isLocked={importing.isBusy}
    >
      {"source" in wanted && (
        <SourceOptions
          wanted={wanted}
          isDisabled={importing.isBusy}
          error={preview.error ?? importing.error}
          onTab={(tab) => setChosen((before) => ({ ...before, tab }))}
          onFilter={(filter) => setChosen((before) => ({ ...before, filter }))}
        />
      )}
      {preview.isPending && <Spinner label={text(loadingKey(wanted))} />}
      {preview.error && <Refusal error={preview.error} onRetry={preview.refetch} />}
      {preview.data && <PreviewFacts preview={preview.data} />}
      {waiting > 0 && <p>{text("adding.preview.next", { n: waiting })}</p>}
      {importing.isBusy && <Spinner label={text("adding.preview.starting")} />}
      {importing.error ? <Refusal error={importing.error} /> : null}
    </Dialog>
  );
}

/** It comes with the preview, after the dialog. */
function focusOn(button: HTMLButtonElement | null): void {
  button?.focus();
}

function Refusal({ error, onRetry }: { error: unknown; onRetry?: () => unknown }) {
  if (isFilterRefusal(error)) return null;
  const isPassing = error instanceof Problem && error.isPassing;
  return <ErrorNotice error={error} {...(isPassing && onRetry && { onRetry })} />;
}

/** What confirming brings; null where there is nothing to confirm. */
function confirmLabel(preview: Preview, text: Text): string | null {
  if (preview.is_estimate) return text("adding.preview.import.all");
  if (preview.new > 0) return text("adding.preview.import", { n: preview.new });
  // Imports nothing, but the API reports what is wrong with each entry.
  return preview.invalid > 0 ? text("adding.preview.why") : null;
}

function titleOf(wanted: PreviewRequest, preview: Preview | undefined, text: Text): string {
  const name = preview?.title ?? ("file" in wanted ? wanted.file.name : null);
  if (name) return text("adding.preview.title.source", { source: name });
  if (preview?.kind === "playlist") return text("adding.preview.title.playlist");
  if (preview?.kind === "channel") return text("adding.preview.title.channel");
  return "source" in wanted
    ? text("adding.preview.title.source", { source: wanted.source })
    : text("adding.preview.title");
}

function loadingKey(wanted: PreviewRequest) {
  return "source" in wanted ? "adding.preview.loading.source" : "adding.preview.loading";
}
