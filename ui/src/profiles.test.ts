import { describe, expect, it } from 'vitest';

import { LOCAL_ENTRY, PRESETS } from './gallery/states';
import type { Added, ProfileEntry, Trouble } from './host/host';
import { MemoryHost, type Asked } from './host/memory';
import { Profiles } from './profiles.svelte';
import { Screens } from './screens.svelte';

const OFFLINE: Trouble = { reason: 'offline', detail: null };
const UNREADABLE: Trouble = { reason: 'config_invalid', detail: 'config.toml: TOML parse error at line 4' };

const WORKS: ProfileEntry = { name: 'works', kind: 'oidc', issuer: 'https://id.example.com', in_use: true };
const OTHER: ProfileEntry = { name: 'other', kind: 'oidc', issuer: 'https://other.example.com', in_use: false };

/** At the list of two profiles and the local one; the first is in use. */
let screens: Screens;

async function opened(refusals: [Asked, Trouble][] = []): Promise<{ host: MemoryHost; profiles: Profiles }> {
  const host = new MemoryHost();
  host.list = { profiles: [WORKS, OTHER, LOCAL_ENTRY], presets: PRESETS };
  for (const [asked, trouble] of refusals) {
    host.refusals.set(asked, trouble);
  }
  screens = new Screens();
  const profiles = new Profiles(host, screens);
  await profiles.open();
  return { host, profiles };
}

/** At the form, with both fields filled. */
async function filled(added: Added = { kind: 'works', name: 'new', knows_this_app: false, to_allow: [] }) {
  const { host, profiles } = await opened();
  host.added = added;
  profiles.beginAdding();
  profiles.draft = { preset: '', issuer: ' https://new.example.com ', clientId: ' keyfob ' };
  return { host, profiles };
}

const wrong = (setting: Extract<Added, { kind: 'wrong' }>['setting']): Added => ({
  kind: 'wrong',
  setting,
  problem: { reason: 'config_invalid', detail: null },
});

const names = (profiles: Profiles) => profiles.list?.profiles.map((each) => each.name);
const inUse = (profiles: Profiles) => profiles.list?.profiles.filter((each) => each.in_use).map((each) => each.name);

/** Makes `asked` last until the function that comes back is called. */
function held(host: MemoryHost, asked: 'useProfile' | 'removeProfile' | 'addProfile'): () => void {
  let end = () => undefined as void;
  const act = host[asked].bind(host) as (argument: never) => Promise<never>;
  const wait = new Promise<void>((resolve) => (end = resolve));
  Object.assign(host, { [asked]: (argument: never) => wait.then(() => act(argument)) });
  return end;
}

describe('the list', () => {
  it('is what the program says when it is opened', async () => {
    const { profiles } = await opened();
    expect(screens.at).toBe('profiles');
    expect(names(profiles)).toEqual(['works', 'other', 'local']);
    expect(inUse(profiles)).toEqual(['works']);
  });

  it('is asked for anew each time', async () => {
    const { host, profiles } = await opened();
    profiles.close();
    host.list = { profiles: [LOCAL_ENTRY], presets: [] };
    await profiles.open();
    expect(names(profiles)).toEqual(['local']);
  });

  it('of a configuration that cannot be read is a problem, until it can be', async () => {
    const { host, profiles } = await opened([['profiles', UNREADABLE]]);
    expect(profiles.list).toBeNull();
    expect([profiles.problem, profiles.isUnread]).toEqual([UNREADABLE, true]);
    host.refusals.clear();
    await profiles.look();
    expect([profiles.problem, profiles.isUnread]).toEqual([null, false]);
    expect(names(profiles)).toEqual(['works', 'other', 'local']);
  });

  it('stays as it was when it cannot be read later', async () => {
    const { host, profiles } = await opened();
    host.refusals.set('profiles', UNREADABLE);
    await profiles.look();
    expect(profiles.problem).toEqual(UNREADABLE);
    expect(names(profiles)).toEqual(['works', 'other', 'local']);
  });
});

describe('choosing a profile', () => {
  it('goes there and closes', async () => {
    const { host, profiles } = await opened();
    await profiles.choose(OTHER);
    expect(host.performed).toEqual([{ name: 'use_profile', profile: 'other' }]);
    expect(profiles.isOpen).toBe(false);
  });

  it('that is in use only closes', async () => {
    const { host, profiles } = await opened();
    await profiles.choose(WORKS);
    expect(host.performed).toEqual([]);
    expect(profiles.isOpen).toBe(false);
  });

  it('says with which one it is at work', async () => {
    const { host, profiles } = await opened();
    const end = held(host, 'useProfile');
    const chosen = profiles.choose(OTHER);
    expect([profiles.isDoing('use', 'other'), profiles.isDoing('use', 'local')]).toEqual([true, false]);
    expect(screens.at).toBe('profiles');
    end();
    await chosen;
    expect([profiles.isDoing('use', 'other'), profiles.isBusy]).toEqual([false, false]);
  });

  it('that is refused stays at the list with its problem, and a look does not take that away', async () => {
    const { profiles } = await opened([['use_profile', OFFLINE]]);
    await profiles.choose(OTHER);
    expect([screens.at, profiles.problem, profiles.isUnread]).toEqual(['profiles', OFFLINE, false]);
    await profiles.look();
    expect(profiles.problem).toEqual(OFFLINE);
    expect(profiles.isBusy).toBe(false);
  });

  it('that is refused is forgotten when it is tried again or left', async () => {
    const { host, profiles } = await opened([['use_profile', OFFLINE]]);
    await profiles.choose(OTHER);
    const end = held(host, 'useProfile');
    host.refusals.clear();
    const again = profiles.choose(OTHER);
    expect(profiles.problem).toBeNull();
    end();
    await again;

    host.refusals.set('use_profile', OFFLINE);
    await profiles.open();
    await profiles.choose(OTHER);
    profiles.back();
    expect(profiles.problem).toBeNull();
  });
});

describe('adding a profile', () => {
  it('sends what was typed, trimmed, and shows what it was added as', async () => {
    const { host, profiles } = await filled();
    await profiles.add();
    expect(host.performed).toEqual([
      { name: 'add_profile', profile: { preset: null, issuer: 'https://new.example.com', client_id: 'keyfob' } },
    ]);
    expect([screens.at, profiles.works?.name]).toEqual(['added', 'new']);
    expect(names(profiles)).toEqual(['new', 'works', 'other', 'local']);
    expect(inUse(profiles)).toEqual(['new']);
  });

  it('empties the form for the next one', async () => {
    const { profiles } = await filled();
    await profiles.add();
    profiles.close();
    await profiles.open();
    profiles.beginAdding();
    expect(profiles.draft).toEqual({ preset: '', issuer: '', clientId: '' });
    expect(profiles.works).toBeNull();
  });

  it.each(['issuer', 'client_id', 'at_the_provider'] as const)('names what is wrong until it is edited (%s)', async (setting) => {
    const { profiles } = await filled(wrong(setting));
    await profiles.add();
    expect([screens.at, profiles.wrong?.setting]).toEqual(['add', setting]);
    expect(profiles.draft.clientId).toBe(' keyfob ');
    expect(names(profiles)).toEqual(['works', 'other', 'local']);
    profiles.dismiss();
    expect(profiles.wrong).toBeNull();
  });

  it('takes back what was wrong while it is tried again', async () => {
    const { host, profiles } = await filled(wrong('issuer'));
    await profiles.add();
    host.endless.add('add_profile');
    void profiles.add();
    expect([profiles.wrong, profiles.isDoing('add')]).toEqual([null, true]);
  });

  it('that is refused keeps the form and shows the problem', async () => {
    const { host, profiles } = await filled();
    host.refusals.set('add_profile', UNREADABLE);
    await profiles.add();
    expect([screens.at, profiles.problem, profiles.isUnread]).toEqual(['add', UNREADABLE, false]);
    expect(profiles.draft.clientId).toBe(' keyfob ');
  });

  it('keeps what is typed during a look elsewhere', async () => {
    const { profiles } = await filled();
    profiles.back();
    profiles.close();
    await profiles.open();
    profiles.beginAdding();
    expect(profiles.draft.issuer).toBe(' https://new.example.com ');
  });

  it('does not call back who has left meanwhile', async () => {
    const { host, profiles } = await filled();
    const end = held(host, 'addProfile');
    const added = profiles.add();
    profiles.back();
    end();
    await added;
    expect(screens.at).toBe('profiles');
    expect(inUse(profiles)).toEqual(['new']);
  });

  it('can be looked at again while it is under way', async () => {
    const { host, profiles } = await filled();
    host.endless.add('add_profile');
    void profiles.add();
    profiles.back();
    profiles.beginAdding();
    expect(screens.at).toBe('add');
  });
});

describe('a preset', () => {
  const [genauth, google] = PRESETS;

  it('with one issuer for everybody fills it in, and takes it along', async () => {
    const { profiles } = await opened();
    profiles.choosePreset('google');
    expect([profiles.preset, profiles.draft.issuer]).toEqual([google, google?.issuer]);
    profiles.choosePreset('');
    expect([profiles.preset, profiles.draft.issuer]).toEqual([null, '']);
  });

  it('whose issuer is partly the person\'s own leaves the field to them', async () => {
    const { profiles } = await opened();
    profiles.choosePreset('google');
    profiles.choosePreset('genauth');
    expect([profiles.preset, profiles.draft.issuer]).toEqual([genauth, '']);
  });

  it('leaves alone what was typed', async () => {
    const { profiles } = await filled();
    profiles.choosePreset('google');
    expect(profiles.draft.issuer).toBe(' https://new.example.com ');
    profiles.choosePreset('');
    expect(profiles.draft.issuer).toBe(' https://new.example.com ');
  });

  it('goes to the program by its id, and takes back what was wrong', async () => {
    const { host, profiles } = await filled(wrong('issuer'));
    await profiles.add();
    profiles.choosePreset('genauth');
    expect(profiles.wrong).toBeNull();
    await profiles.add();
    expect(host.performed.at(-1)).toMatchObject({ profile: { preset: 'genauth' } });
  });
});

describe('removing a profile', () => {
  it('asks first', async () => {
    const { host, profiles } = await opened();
    profiles.askToRemove('other');
    expect([profiles.removing, host.performed]).toEqual(['other', []]);
    await profiles.remove();
    expect(host.performed).toEqual([{ name: 'remove_profile', profile: 'other' }]);
    expect([profiles.removing, screens.at]).toEqual([null, 'profiles']);
    expect(names(profiles)).toEqual(['works', 'local']);
  });

  it('is not done when the answer is no, nor without the question', async () => {
    const { host, profiles } = await opened();
    profiles.askToRemove('other');
    profiles.keep();
    expect(profiles.removing).toBeNull();
    await profiles.remove();
    expect(host.performed).toEqual([]);
  });

  it('that is refused leaves the question open with its problem', async () => {
    const locked: Trouble = { reason: 'keyring_locked', detail: null };
    const { profiles } = await opened([['remove_profile', locked]]);
    profiles.askToRemove('other');
    await profiles.remove();
    expect([profiles.removing, profiles.problem]).toEqual(['other', locked]);
    expect(names(profiles)).toEqual(['works', 'other', 'local']);
  });

  it('keeps the question until the list without it is there', async () => {
    const { host, profiles } = await opened();
    profiles.askToRemove('other');
    let answer = () => undefined as void;
    host.profiles = () => new Promise((resolve) => (answer = () => resolve(host.list)));
    const removed = profiles.remove();
    await new Promise((resolve) => setTimeout(resolve));
    expect([profiles.removing, profiles.isBusy]).toEqual(['other', true]);
    answer();
    await removed;
    expect([profiles.removing, profiles.isBusy]).toEqual([null, false]);
    expect(names(profiles)).toEqual(['works', 'local']);
  });

  it('keeps the last list when there is none to be had afterwards', async () => {
    const { host, profiles } = await opened();
    profiles.askToRemove('other');
    host.refusals.set('profiles', UNREADABLE);
    await profiles.remove();
    expect([profiles.removing, profiles.problem]).toEqual([null, null]);
    expect(names(profiles)).toEqual(['works', 'other', 'local']);
  });

  it('cannot be taken back once it is under way', async () => {
    const { host, profiles } = await opened();
    host.endless.add('remove_profile');
    profiles.askToRemove('other');
    void profiles.remove();
    profiles.keep();
    expect([profiles.removing, profiles.isDoing('remove', 'other')]).toEqual(['other', true]);
  });
});

describe('while something is under way', () => {
  it('nothing else begins', async () => {
    const { host, profiles } = await opened();
    host.endless.add('use_profile');
    void profiles.choose(OTHER);
    await profiles.choose(LOCAL_ENTRY);
    profiles.askToRemove('other');
    await profiles.remove();
    profiles.beginAdding();
    await profiles.add();
    expect(host.performed).toEqual([{ name: 'use_profile', profile: 'other' }]);
    expect([screens.at, profiles.removing]).toEqual(['profiles', null]);
  });

  it('the question of a removal stays, whatever is pressed', async () => {
    const { host, profiles } = await opened();
    host.endless.add('remove_profile');
    profiles.askToRemove('other');
    void profiles.remove();
    void profiles.remove();
    await profiles.choose(LOCAL_ENTRY);
    profiles.askToRemove('works');
    expect(profiles.removing).toBe('other');
    expect(host.performed).toEqual([{ name: 'remove_profile', profile: 'other' }]);
  });

  it('one can leave', async () => {
    const { host, profiles } = await opened();
    host.endless.add('remove_profile');
    profiles.askToRemove('other');
    void profiles.remove();
    profiles.back();
    expect(profiles.isOpen).toBe(false);
  });
});

describe('a step back', () => {
  it('closes an open question, then the screens', async () => {
    const { profiles } = await opened();
    profiles.askToRemove('other');
    profiles.back();
    expect([screens.at, profiles.removing]).toEqual(['profiles', null]);
    profiles.beginAdding();
    profiles.back();
    expect(screens.at).toBe('profiles');
    profiles.back();
    expect(profiles.isOpen).toBe(false);
  });

  it('by the arrow leaves the screen, and its question with it', async () => {
    const { profiles } = await opened();
    profiles.askToRemove('other');
    profiles.leave();
    expect([profiles.isOpen, profiles.removing]).toEqual([false, null]);
  });

  it('leaves behind what was wrong', async () => {
    const { profiles } = await filled(wrong('issuer'));
    await profiles.add();
    profiles.back();
    expect([screens.at, profiles.wrong]).toEqual(['profiles', null]);
  });

  it('from what was added is to where one came from', async () => {
    const { profiles } = await filled();
    await profiles.add();
    profiles.back();
    expect(profiles.isOpen).toBe(false);
  });
});
