/**
 * Where the focus goes on when `going` leaves the page with it: beside it or around it, as far as that has a `tabIndex`,
 * else at the page's content.
 */
export function heirBeside(going: HTMLElement): HTMLElement | null {
  const { nextElementSibling: next, previousElementSibling: previous, parentElement: around } = going;
  const places = [next, previous, around?.closest("[tabindex]")];
  const heir = places.find((place) => place instanceof HTMLElement && place.hasAttribute("tabindex"));
  return (heir as HTMLElement | undefined) ?? document.querySelector("main");
}
