// What the keyboard does. One table for each screen: the window obeys it, and the sheet shows it.
//
// Letters go with Ctrl, or ⌘ on a Mac, so that nothing happens by a letter alone (WCAG 2.1, 2.1.4).
import type { SessionState } from './host/host';
import { words } from './words';

export interface Key {
  /** `mod+c`, `Escape`, … */
  combo: string;
  label: string;
  /** Absent where the screen itself, or the button that has the focus, does it. */
  act?: () => void;
}

export type Acts = Record<
  | 'copy'
  | 'copyHeader'
  | 'copyCurl'
  | 'copyShell'
  | 'copyIdToken'
  | 'refresh'
  | 'signOut'
  | 'browser'
  | 'openAgain'
  | 'copyAddress'
  | 'anotherWay'
  | 'profiles'
  | 'addProfile',
  () => void
>;

/** The screen that is open: a stage, or one of the profile screens. */
export type Place = SessionState['stage']['kind'] | 'list' | 'add' | 'added';

export function keysOf(place: Place, acts: Acts): Key[] {
  const says = words.keys;
  const profiles = { combo: 'mod+p', label: says.profiles, act: acts.profiles };
  switch (place) {
    case 'starting':
      return [];
    case 'unknown':
    case 'signed_out':
      return [
        { combo: 'Enter', label: says.signIn },
        { combo: 'mod+b', label: says.browser, act: acts.browser },
        profiles,
      ];
    case 'signing_in':
      return [
        { combo: 'mod+v', label: says.paste },
        { combo: 'mod+o', label: says.openAgain, act: acts.openAgain },
        { combo: 'mod+c', label: says.copyAddress, act: acts.copyAddress },
        { combo: 'mod+t', label: says.anotherWay, act: acts.anotherWay },
        { combo: 'Escape', label: says.cancel },
        profiles,
      ];
    case 'signed_in':
      return [
        { combo: 'mod+c', label: says.copy, act: acts.copy },
        { combo: 'mod+1', label: says.copyHeader, act: acts.copyHeader },
        { combo: 'mod+2', label: says.copyCurl, act: acts.copyCurl },
        { combo: 'mod+3', label: says.copyShell, act: acts.copyShell },
        { combo: 'mod+4', label: says.copyIdToken, act: acts.copyIdToken },
        { combo: 'mod+r', label: says.refresh, act: acts.refresh },
        { combo: 'mod+shift+o', label: says.signOut, act: acts.signOut },
        profiles,
      ];
    case 'list':
      return [
        { combo: 'Enter', label: says.choose },
        { combo: 'mod+n', label: says.addProfile, act: acts.addProfile },
        { combo: 'Escape', label: says.back },
      ];
    case 'add':
      return [
        { combo: 'Enter', label: says.add },
        { combo: 'Escape', label: says.back },
      ];
    case 'added':
      return [{ combo: 'Escape', label: says.back }];
  }
}

/** Whether this press is that key. */
export function isPress(combo: string, event: KeyboardEvent): boolean {
  const parts = combo.split('+');
  const key = parts.at(-1) ?? '';
  const mod = event.ctrlKey || event.metaKey;
  return (
    event.key.toLowerCase() === key.toLowerCase() &&
    mod === parts.includes('mod') &&
    event.shiftKey === parts.includes('shift') &&
    !event.altKey
  );
}

/** Whether this press opens the sheet. A question mark that is typed into a field does not. */
export function isForSheet(event: KeyboardEvent): boolean {
  const typing = event.target instanceof HTMLElement && event.target.matches('input, select, textarea');
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
  return plain && (event.key === 'F1' || (event.key === '?' && !typing));
}

/** The key as it is printed on the keyboard. */
export function written(combo: string, isMac: boolean): string {
  const names: Record<string, string> = isMac
    ? { mod: '⌘', shift: '⇧', escape: 'esc', enter: '↩' }
    : { mod: 'Ctrl', shift: 'Shift', escape: 'Esc', enter: 'Enter' };
  const parts = combo.split('+').map((part) => names[part.toLowerCase()] ?? part.toUpperCase());
  return parts.join(isMac ? '' : '+');
}
