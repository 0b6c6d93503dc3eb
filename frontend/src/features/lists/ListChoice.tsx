import type { VideoList } from "../../api/types";
import { Select } from "../../ui/Select";

interface Props {
  id: string;
  lists: readonly VideoList[];
  listId: string;
  onChange: (listId: string) => void;
}

export function ListChoice({ id, lists, listId, onChange }: Props) {
  return (
    <Select id={id} value={listId} onChange={(event) => onChange(event.target.value)}>
      {lists.map((list) => (
        <option key={list.id} value={list.id}>
          {list.name}
        </option>
      ))}
    </Select>
  );
}
