import { Component, type ReactNode } from "react";
import { useText } from "../i18n";
import { Button } from "./Button";
import { EmptyState } from "./EmptyState";
import { useTitle } from "./useTitle";

interface Props {
  children: ReactNode;
}

/** Error boundary: catches rendering errors, so that everything around it stays usable. */
export class CrashNotice extends Component<Props, { hasCrashed: boolean }> {
  override state = { hasCrashed: false };

  static getDerivedStateFromError() {
    return { hasCrashed: true };
  }

  override render() {
    return this.state.hasCrashed ? <Crashed /> : this.props.children;
  }
}

function Crashed() {
  const text = useText();
  useTitle(text("error.crash"));
  return (
    <div role="alert">
      <EmptyState level={1} title={text("error.crash")} text={text("error.unexpected")}>
        <Button kind="primary" onClick={() => window.location.reload()}>
          {text("error.reload")}
        </Button>
      </EmptyState>
    </div>
  );
}
