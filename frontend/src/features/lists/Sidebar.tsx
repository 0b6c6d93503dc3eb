import { type ReactNode, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { Link, useLocation } from "wouter";
import { useCreateList, useLists } from "../../data/queries";
import { useText } from "../../i18n";
import { Button } from "../../ui/Button";
import { Modal } from "../../ui/Dialog";
import { ErrorNotice } from "../../ui/ErrorNotice";
import { CloseIcon, FollowIcon, PlusIcon } from "../../ui/icons";
import { restoreFocus } from "../../ui/restoreFocus";
import { Spinner } from "../../ui/Spinner";
import { ListNameForm } from "./ListNameForm";
import styles from "./Sidebar.module.css";
import { SidebarItem } from "./SidebarItem";

interface Props {
  /** Whether it lies above the page, as on phones, instead of beside it. */
  isDrawer?: boolean;
  /** Of a drawer. */
  isOpen?: boolean;
  onClose?: () => void;
  /** What is at its bottom. */
  below?: ReactNode;
}

export function Sidebar({ isDrawer = false, isOpen = false, onClose = () => {}, below }: Props) {
  const text = useText();
  if (!isDrawer) {
    return (
      <div className={styles.side}>
        <SidebarContent below={below} onNavigate={onClose} />
      </div>
    );
  }
  if (!isOpen) return null;
  return (
    <Modal className={styles.drawer} label={text("sidebar.label")} onClose={onClose}>
      <div className={styles.content}>
        <Button kind="quiet" isIcon className={styles.close} aria-label={text("sidebar.close")} onClick={onClose}>
          <CloseIcon />
        </Button>
        <SidebarContent below={below} onNavigate={onClose} />
      </div>
    </Modal>
  );
}

interface ContentProps {
  below: ReactNode;
  onNavigate: () => void;
}

function SidebarContent({ below, onNavigate }: ContentProps) {
  const text = useText();
  const [location] = useLocation();
  return (
    <>
      <nav className={styles.nav} aria-label={text("sidebar.label")}>
        <Lists onNavigate={onNavigate} />
        <NewList onCreated={onNavigate} />
        <Link
          href="/subscriptions"
          className={styles.link}
          aria-current={location === "/subscriptions" ? "page" : undefined}
          onClick={onNavigate}
        >
          <FollowIcon />
          {text("sidebar.subscriptions")}
        </Link>
      </nav>
      {below}
    </>
  );
}

function Lists({ onNavigate }: { onNavigate: () => void }) {
  const text = useText();
  const [location, navigate] = useLocation();
  const { data: lists, error, isPending, refetch } = useLists();
  const leave = (listId: string) => {
    if (location === `/lists/${listId}`) navigate("/");
  };
  if (isPending) return <Spinner />;
  if (!lists) return <ErrorNotice error={error} onRetry={refetch} />;
  if (lists.length === 0) return <p className={styles.empty}>{text("sidebar.empty")}</p>;
  return (
    <ul className={styles.lists}>
      {lists.map((list) => (
        <SidebarItem
          key={list.id}
          list={list}
          isCurrent={location === `/lists/${list.id}`}
          onNavigate={onNavigate}
          onDeleted={leave}
        />
      ))}
    </ul>
  );
}

function NewList({ onCreated }: { onCreated: () => void }) {
  const text = useText();
  const [, navigate] = useLocation();
  const [isNaming, setNaming] = useState(false);
  const creation = useCreateList();
  const button = useRef<HTMLButtonElement>(null);
  if (!isNaming) {
    return (
      <Button ref={button} kind="quiet" className={styles.new} onClick={() => setNaming(true)}>
        <PlusIcon />
        {text("sidebar.new")}
      </Button>
    );
  }
  const stop = () => {
    flushSync(() => setNaming(false));
    creation.reset();
    restoreFocus(button.current);
  };
  const create = (name: string) =>
    creation.mutate(name, {
      onSuccess: (list) => {
        stop();
        navigate(`/lists/${list.id}`);
        onCreated();
      },
    });
  return (
    <ListNameForm
      submitLabel={text("sidebar.create")}
      isBusy={creation.isPending}
      error={creation.error}
      onSubmit={create}
      onCancel={stop}
      takesFocus
    />
  );
}
