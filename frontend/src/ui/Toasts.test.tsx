import { act, fireEvent, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { renderWithApp } from "../test/render";
import { Toasts } from "./Toasts";
import { toast, useToasts } from "./toasts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  useToasts.setState({ toasts: [] });
});

function show(...news: Parameters<typeof toast>[0][]) {
  renderWithApp(<Toasts />);
  act(() => news.forEach(toast));
}

const wait = (ms: number) => act(() => vi.advanceTimersByTime(ms));

it("are read out politely and go by themselves", () => {
  show({ text: "108 imported" });
  const toasts = screen.getByRole("region", { name: "Notifications" });
  expect(toasts).toHaveAttribute("aria-live", "polite");
  expect(toasts).toHaveTextContent("108 imported");
  wait(8_000);
  expect(toasts).toBeEmptyDOMElement();
});

it("wait longer where there is something to decide, and go once it is done", () => {
  const run = vi.fn();
  show({ text: "5 failed", action: { label: "Try again", run } });
  wait(8_000);
  fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(run).toHaveBeenCalledOnce();
  expect(screen.queryByText("5 failed")).toBeNull();
});

it("stay while somebody is in them, or points at them", () => {
  show({ text: "108 imported" });
  const close = screen.getByRole("button", { name: "Close the notification" });
  fireEvent.mouseEnter(close);
  act(() => close.focus());
  fireEvent.mouseLeave(close);
  wait(60_000);
  expect(screen.getByText("108 imported")).toBeInTheDocument();
  fireEvent.mouseEnter(close);
  act(() => close.blur());
  wait(60_000);
  expect(screen.getByText("108 imported")).toBeInTheDocument();
  fireEvent.mouseLeave(close);
  wait(8_000);
  expect(screen.queryByText("108 imported")).toBeNull();
});

it("pass the focus on when they go: to the next one, which then stays, and from the last one to the page", () => {
  renderWithApp(
    <>
      <Toasts />
      <main tabIndex={-1} />
    </>,
  );
  act(() => ["1", "2"].forEach((text) => void toast({ text })));
  const press = (button: HTMLElement | undefined) => {
    act(() => button?.focus());
    fireEvent.click(button as HTMLElement);
  };
  press(screen.getAllByRole("button", { name: "Close the notification" })[0]);
  expect(document.activeElement).toHaveTextContent("2");
  wait(60_000);
  press(screen.getByRole("button", { name: "Close the notification" }));
  expect(screen.getByRole("main")).toHaveFocus();
});

it("can be closed, and are not too many", () => {
  show(...["1", "2", "3", "4", "5"].map((text) => ({ text })));
  expect(screen.queryByText("1")).toBeNull();
  expect(screen.getAllByRole("button")).toHaveLength(4);
  fireEvent.click(screen.getAllByRole("button")[0] as HTMLElement);
  expect(screen.queryByText("2")).toBeNull();
});
