import { screen } from "@testing-library/react";
import { useState } from "react";
import { expect, it } from "vitest";
import { renderWithApp } from "../test/render";
import { CopyFallback } from "./CopyFallback";

function Copying() {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        Copy
      </button>
      {isOpen && <CopyFallback text="At the harbour" onClose={() => setOpen(false)} />}
    </>
  );
}

it("marks the text, and gives the focus back when it closes", async () => {
  const { user } = renderWithApp(<Copying />);
  await user.click(screen.getByRole("button", { name: "Copy" }));
  expect(screen.getByRole("textbox")).toHaveFocus();
  expect(screen.getByRole("textbox")).toHaveValue("At the harbour");
  await user.click(screen.getByRole("button", { name: "Close" }));
  expect(screen.queryByRole("textbox")).toBeNull();
  expect(screen.getByRole("button", { name: "Copy" })).toHaveFocus();
});
