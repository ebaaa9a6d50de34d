// The window as a person meets it: whole, on a program of paper.
import { flushSync, unmount } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { settled, show } from './gallery/show';
import { HELD_NOW, states, type Fixture } from './gallery/states';
import { MemoryHost } from './host/memory';

let app: object | undefined;

async function open(name: string, changes: Partial<Fixture> = {}): Promise<MemoryHost> {
  const fixture = states[name];
  if (!fixture) {
    throw new Error(`no state "${name}"`);
  }
  const shown = await show({ ...fixture, ...changes }, document.body);
  app = shown.app;
  return shown.host;
}

afterEach(async () => {
  vi.useRealTimers();
  if (app) {
    await unmount(app);
  }
  app = undefined;
});

const text = () => document.body.textContent.replace(/\s+/g, ' ').trim();
const main = () => document.querySelector('main');
const names = (host: MemoryHost) => host.performed.map((verb) => verb.name);
const labels = () => [...document.querySelectorAll('button')].map((button) => button.textContent.trim());

function button(label: string): HTMLButtonElement {
  const found = [...document.querySelectorAll('button')].find((each) => each.textContent.trim() === label);
  if (!found) {
    throw new Error(`no button "${label}" among ${labels().join(', ')}`);
  }
  return found;
}

async function press(label: string): Promise<void> {
  button(label).click();
  await settled();
}

async function key(name: string, more: KeyboardEventInit = {}): Promise<void> {
  document.activeElement?.dispatchEvent(
    new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true, ...more }),
  );
  await settled();
}

describe('the sign-in screen', () => {
  it('opens with the keyboard in its one field', async () => {
    await open('sign-in');
    expect(main()?.dataset.stage).toBe('signed_out');
    expect(document.querySelectorAll('input')).toHaveLength(1);
    expect(document.activeElement).toBe(document.querySelector('input'));
    expect(document.querySelector('label')?.control).toBe(document.querySelector('input'));
  });

  it('signs in with what was typed, trimmed, on Enter', async () => {
    const host = await open('sign-in', { acts: [{ type: '  ada@example.com ' }] });
    document.querySelector('form')?.requestSubmit();
    await settled();
    expect(host.performed).toEqual([{ name: 'sign_in', identifier: 'ada@example.com' }]);
  });

  it('can leave the address to the browser', async () => {
    const host = await open('sign-in');
    await press('Continue in browser');
    expect(names(host)).toEqual(['continue_in_browser']);
  });

  it('says beside the field what is wrong with it', async () => {
    await open('sign-in-invalid');
    const field = document.querySelector('input');
    const alert = document.querySelector('[role="alert"]');
    expect(alert?.getAttribute('data-reason')).toBe('invalid_identifier');
    expect(alert?.textContent).toContain('neither an e-mail address nor a phone number');
    expect(field?.getAttribute('aria-invalid')).toBe('true');
    expect(field?.getAttribute('aria-describedby')).toBe(alert?.id);
    expect(field?.value).toBe('ada at example');
    expect(document.activeElement).toBe(field);
  });

  it('takes that back while the field is mended', async () => {
    await open('sign-in-invalid', { acts: [...(states['sign-in-invalid']?.acts ?? []), { type: 'ada@example.com' }] });
    expect(document.querySelector('[role="alert"]')).toBeNull();
    expect(document.querySelector('input')?.getAttribute('aria-invalid')).toBe('false');
  });

  it('says that the local provider is one for trying things out, and a real one is not', async () => {
    await open('sign-in');
    expect(text()).toContain('This is the local provider on this computer, for trying things out.');
    expect(text()).toContain('Local provider');
    if (app) {
      await unmount(app);
    }
    await open('sign-in-company');
    expect(text()).not.toContain('trying things out');
    expect(text()).toContain('Example Works id.example.com');
  });
});

describe('a keyring that has not said whether somebody is signed in', () => {
  it.each(['waiting', 'locked', 'unavailable'])('is not taken for "signed out", and stops nobody (%s)', async (how) => {
    const host = await open(`unknown-keyring-${how}`);
    expect(main()?.dataset.stage).toBe('unknown');
    expect(text()).toContain('Only your keyring knows whether you are signed in.');
    await press('Continue in browser');
    expect(names(host)).toEqual(['continue_in_browser']);
  });

  it('is asked again at the press of a button when it is locked', async () => {
    const host = await open('unknown-keyring-locked');
    await press('Unlock');
    expect(names(host)).toEqual(['try_again']);
  });
});

describe('the waiting screen', () => {
  it('says where the link goes and how long Keyfob waits', async () => {
    await open('waiting-email');
    expect(main()?.dataset).toMatchObject({ stage: 'signing_in', step: 'waiting' });
    expect(text()).toContain('Check your inbox');
    expect(text()).toContain('A sign-in link goes to ada@example.com');
    expect(text()).toContain('Keyfob waits until 14:31');
  });

  it('sends a code to a phone, to be typed in the browser', async () => {
    await open('waiting-phone');
    expect(text()).toContain('Check your messages');
    expect(text()).toContain('A sign-in code goes to');
    expect(text()).toContain('Type it on the page in your browser');
  });

  it('without an address points to the browser', async () => {
    await open('waiting-browser');
    expect(text()).toContain('Go on in your browser');
  });

  it('sends again after 60 seconds, and counts down to it', async () => {
    const host = await open('waiting-email');
    expect(button('Send again').disabled).toBe(true);
    expect(text()).toContain('in 55 s');
    if (app) {
      await unmount(app);
    }
    expect(names(host)).toEqual([]);

    const later = await open('waiting-email-60s');
    expect(button('Send again').disabled).toBe(false);
    await press('Send again');
    expect(names(later)).toEqual(['open_again']);
  });

  it('counts down anew once the page was opened again', async () => {
    const host = await open('waiting-email-60s');
    await press('Send again');
    const state = structuredClone(states['waiting-email-60s']!.state!);
    if (state.stage.kind !== 'signing_in') {
      throw new Error('the fixture waits');
    }
    state.stage.attempt.send_again_at_ms = HELD_NOW + 60_000;
    host.send(state);
    await settled();
    expect(button('Send again').disabled).toBe(true);
    expect(text()).toContain('Send again in 60 s');
  });

  it.each([
    ['waiting-email', false],
    ['waiting-email-15s', true],
    ['waiting-loopback', false],
  ])('offers another way after 15 seconds, by the deep link only (%s: %s)', async (name, offered) => {
    await open(name);
    expect(labels().includes('Try another way')).toBe(offered);
  });

  it.each([
    ['Copy sign-in address', 'copy_sign_in_address'],
    ['Paste return link', 'paste_return_address'],
    ['Try another way', 'try_another_way'],
    ['Open the outbox', 'open_outbox'],
    ['Cancel', 'cancel_sign_in'],
  ])('has a button "%s"', async (label, verb) => {
    const host = await open('waiting-email-60s');
    await press(label);
    expect(names(host)).toEqual([verb]);
  });

  it('has no outbox unless the provider is the local one', async () => {
    await open('waiting-email-company');
    expect(labels()).not.toContain('Open the outbox');
  });

  it('is cancelled by Escape', async () => {
    const host = await open('waiting-email');
    await key('Escape');
    expect(names(host)).toEqual(['cancel_sign_in']);
  });

  it('takes Ctrl+V anywhere as a paste', async () => {
    const host = await open('waiting-email');
    await key('v', { ctrlKey: true });
    await key('v');
    expect(names(host)).toEqual(['paste_return_address']);
  });

  it('is not cancelled by the Escape that closes the list of the keys, nor pasted into meanwhile', async () => {
    const host = await open('waiting-email');
    await key('?');
    await key('Escape');
    await key('v', { ctrlKey: true });
    document.body.dispatchEvent(new Event('paste', { bubbles: true, cancelable: true }));
    await settled();
    expect(names(host)).toEqual([]);
  });

  it('never looks at what is pasted', async () => {
    const host = await open('waiting-email');
    const paste = new Event('paste', { bubbles: true, cancelable: true });
    const looked = vi.fn();
    Object.defineProperty(paste, 'clipboardData', { get: looked });
    document.body.dispatchEvent(paste);
    await settled();
    expect(host.performed).toEqual([{ name: 'paste_return_address' }]);
    expect(looked).not.toHaveBeenCalled();
    expect(paste.defaultPrevented).toBe(true);
  });

  it('shows that the link came back, and can still be cancelled', async () => {
    const host = await open('redeeming');
    expect(main()?.dataset.step).toBe('redeeming');
    expect(text()).toContain('Signing you in…');
    await key('Escape');
    await key('v', { ctrlKey: true });
    expect(names(host)).toEqual([]);
    await press('Cancel');
    expect(names(host)).toEqual(['cancel_sign_in']);
  });

  it.each(['redeeming-offline', 'redeeming-provider-broken'])('repeats an exchange that met trouble (%s)', async (name) => {
    const host = await open(name);
    expect(text()).not.toContain('Signing you in…');
    await press('Try again');
    await press('Cancel');
    expect(names(host)).toEqual(['try_again', 'cancel_sign_in']);
  });
});

describe('the signed-in screen', () => {
  it('says who, with whom, and how long the token lives', async () => {
    await open('signed-in-phone');
    expect(main()?.dataset.stage).toBe('signed_in');
    expect(text()).toContain('Signed in as +442079460958');
    expect(text()).toContain('Expires in 12 min (14:29)');
    expect(text()).toContain('Local provider 127.0.0.1:47117');
  });

  it('says whether and by which key the token was verified', async () => {
    await open('signed-in');
    expect(text()).toContain('Verified Key SPACE_JWT_PUBLIC:8028AAA3');
    if (app) {
      await unmount(app);
    }
    await open('signed-in-unverified');
    expect(text()).toContain('Not checked yet');
    expect(text()).not.toContain('Verified');
  });

  it('has the whole id of a long key, however short it is drawn', async () => {
    await open('signed-in-long-key');
    const whole = 'SPACE_JWT_PUBLIC:F0D8182E-31BE-4304-8BF9-BEE12C699A6B';
    expect(text()).toContain(`Verified Key ${whole}`);
    expect(document.querySelector(`[title="${whole}"]`)?.textContent).toBe(whole);
  });

  it('says that a token which did not pass is not used, and gets another', async () => {
    const host = await open('signed-in-verification-failed');
    expect(text()).toContain('The access token did not pass verification, so it is not used.');
    expect(text()).toContain('Not verified');
    expect(text()).not.toContain('Verified');
    document.querySelector<HTMLButtonElement>('[role="alert"] button')?.click();
    await settled();
    expect(names(host)).toEqual(['refresh']);
  });

  it('counts the last two minutes in seconds', async () => {
    await open('signed-in-ending');
    expect(text()).toContain('Expires in 1 min 40 s');
  });

  it('says what happens to an expired token', async () => {
    await open('signed-in-expired');
    expect(text()).toContain('Expired Refreshes when you copy');
  });

  it('says when the session is not kept', async () => {
    await open('signed-in-not-kept');
    expect(text()).toContain('Not kept in the keyring: you are signed in until you quit.');
  });

  it('opens with the keyboard on "Copy access token", which is read out with who it is for', async () => {
    await open('signed-in');
    expect(document.activeElement).toBe(button('Copy access token'));
    const described = document.activeElement?.getAttribute('aria-describedby') ?? '';
    expect(document.getElementById(described)?.textContent).toContain('ada@example.com');
  });

  it.each([
    ['Copy access token', 'copy_token'],
    ['Refresh now', 'refresh'],
    ['Sign out', 'sign_out'],
  ])('has a button "%s"', async (label, verb) => {
    const host = await open('signed-in');
    await press(label);
    expect(names(host)).toEqual([verb]);
  });

  it('offers to sign the browser out at the provider, too', async () => {
    const host = await open('sign-in-browser-left');
    expect(text()).toContain('may still be signed in');
    await press('Sign out there');
    expect(names(host)).toEqual(['sign_out_in_browser']);
  });

  it('says who can check a token that is opaque here', async () => {
    await open('signed-in-opaque');
    expect(text()).toContain('Only the API it is meant for can check it');
    expect(text()).not.toContain('Not checked yet');
  });

  it.each([
    ['c', 'access'],
    ['1', 'header'],
    ['2', 'curl'],
    ['3', 'shell'],
    ['4', 'id'],
  ] as const)('copies by Ctrl+%s', async (key, form) => {
    const host = await open('signed-in');
    window.dispatchEvent(new KeyboardEvent('keydown', { key, ctrlKey: true }));
    await settled();
    expect(host.performed).toEqual([{ name: 'copy_token', form }]);
  });

  it('leaves Ctrl+C to what is selected', async () => {
    const host = await open('signed-in');
    getSelection()?.selectAllChildren(document.querySelector('h1')!);
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'c', ctrlKey: true }));
    await settled();
    expect(host.performed).toEqual([]);
    getSelection()?.removeAllRanges();
  });

  it('shows what the keyboard does, and does nothing else meanwhile', async () => {
    const host = await open('signed-in');
    window.dispatchEvent(new KeyboardEvent('keydown', { key: '?', shiftKey: true }));
    await settled();
    const sheet = document.querySelector('dialog');
    expect(sheet?.textContent).toContain('Copy access token');
    expect(sheet?.textContent).toContain('Ctrl+C');
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'r', ctrlKey: true }));
    await settled();
    expect(host.performed).toEqual([]);
    sheet?.dispatchEvent(new Event('close'));
    await settled();
    expect(document.querySelector('dialog')).toBeNull();
  });

  it('says a copy aloud for two seconds', async () => {
    await open('signed-in');
    vi.useFakeTimers();
    button('Copy access token').click();
    await vi.advanceTimersByTimeAsync(1_999);
    flushSync();
    expect(text()).toContain('Access token copied');
    await vi.advanceTimersByTimeAsync(1);
    flushSync();
    expect(text()).not.toContain('Access token copied');
  });

  it('says how long the clipboard keeps the token', async () => {
    await open('signed-in-copied');
    expect(labels()).toContain('Copied, gone in 27 s');
  });

  it.each([
    ['Header', 'header'],
    ['curl', 'curl'],
    ['Shell', 'shell'],
    ['ID token', 'id'],
  ] as const)('copies as %s', async (label, form) => {
    const host = await open('signed-in');
    await press(label);
    expect(host.performed).toEqual([{ name: 'copy_token', form }]);
  });

  it('says which form was copied, and offers the plain token again', async () => {
    await open('signed-in-copied-header');
    expect(text()).toContain('27 s left');
    expect(labels()).toContain('Copy access token');
  });

  it('does not say "Copied" when nothing was copied', async () => {
    await open('signed-in', { refusals: { copy_token: { reason: 'clipboard_failed', detail: null } } });
    await press('Copy access token');
    expect(text()).not.toMatch(/copied/i);
    expect(document.querySelector('[role="alert"]')?.getAttribute('data-reason')).toBe('clipboard_failed');
  });
});

describe('who is signed in', () => {
  it('is shown with their name, what they signed in with, and their picture', async () => {
    await open('signed-in-picture');
    expect(document.querySelector('h1')?.textContent).toBe('Ada Lovelace');
    expect(text()).toContain('Signed in as Ada Lovelace ada@example.com');
    expect(document.querySelector('img')?.src).toBe(states['signed-in-picture']?.picture);
  });

  it('has initials when there is no picture', async () => {
    await open('signed-in-name');
    expect(document.querySelector('img')).toBeNull();
    expect(document.querySelector('.avatar')?.textContent.trim()).toBe('AL');
  });

  it('has initials when the picture is none', async () => {
    await open('signed-in-picture');
    document.querySelector('img')?.dispatchEvent(new Event('error'));
    await settled();
    expect(document.querySelector('img')).toBeNull();
    expect(document.querySelector('.avatar')?.textContent.trim()).toBe('AL');
  });

  it('has one of the address without a name, and a drawing when there is nothing to read', async () => {
    await open('signed-in');
    expect(document.querySelector('.avatar')?.textContent.trim()).toBe('A');
    if (app) {
      await unmount(app);
    }
    await open('signed-in-subject-only');
    expect(document.querySelector('.avatar')?.textContent.trim()).toBe('');
    expect(document.querySelector('.avatar svg')).not.toBeNull();
  });

  it('is not asked for a picture that they do not have', async () => {
    const host = await open('sign-in');
    const asked = vi.spyOn(host, 'accountPicture');
    host.send(states['signed-in-name']!.state!);
    expect(asked).not.toHaveBeenCalled();
    host.send(states['signed-in-picture']!.state!);
    host.send(structuredClone(states['signed-in-picture']!.state!));
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it('never has the picture of who was there before', async () => {
    const host = await open('signed-in-picture');
    host.send(states['signed-in-name']!.state!);
    await settled();
    expect(document.querySelector('img')).toBeNull();
  });
});

describe('the profile screens', () => {
  const screen = () => main()?.dataset.screen;
  const row = (name: string) => document.querySelector<HTMLElement>(`[data-profile="${name}"] .choose`);
  const bin = (name: string) => document.querySelector<HTMLElement>(`[data-profile="${name}"] .remove button`);
  const alert = () => document.querySelector('[role="alert"]');

  it('are behind the name of the provider, whoever is signed in', async () => {
    await open('sign-in-company');
    await press('Example Works id.example.com');
    expect(screen()).toBe('profiles');
    expect(main()?.dataset.stage).toBe('signed_out');
  });

  it('list them all, say which one is in use, and open there', async () => {
    await open('profiles');
    expect([...document.querySelectorAll('li strong')].map((each) => each.textContent)).toEqual([
      'example',
      'genauth',
      'letters',
      'Local provider',
    ]);
    expect([...document.querySelectorAll('[aria-current]')]).toEqual([row('example')]);
    expect(row('example')?.closest('li')?.textContent).toContain('In use');
    expect(document.activeElement).toBe(row('example'));
    expect(bin('local')).toBeNull();
  });

  it('open at the first one when none is in use', async () => {
    const profiles = states.profiles?.profiles?.map((each) => ({ ...each, in_use: false })) ?? [];
    await open('profiles', { profiles });
    expect(document.activeElement).toBe(row('example'));
  });

  it.each([
    ['sign-in', 'input'],
    ['signed-in', '.primary'],
    ['waiting-email', 'h1'],
  ])('are left with Escape, to where that screen opens (%s)', async (name, place) => {
    const host = await open(name);
    document.querySelector<HTMLElement>('.provider')?.click();
    await settled();
    await key('Escape');
    expect(screen()).toBeUndefined();
    expect(document.activeElement).toBe(document.querySelector(place));
    expect(names(host)).toEqual([]);
  });

  it('go back step by step with Escape', async () => {
    await open('add-profile');
    expect(document.activeElement).toBe(document.querySelector('#issuer'));
    await key('Escape');
    expect(screen()).toBe('profiles');
    expect(document.activeElement).toBe(row('local'));
    await key('Escape');
    expect(screen()).toBeUndefined();
    expect(document.activeElement).toBe(document.querySelector('#identifier'));
  });

  it('have an arrow that leads to the screen before', async () => {
    await open('profiles-remove');
    await press('');
    expect(screen()).toBeUndefined();
  });

  it('ask before they remove, with the keyboard on the harmless answer', async () => {
    const host = await open('profiles-remove');
    expect(text()).toContain('Remove genauth? You are signed out there first.');
    expect(document.activeElement).toBe(button('Keep'));
    await key('Escape');
    expect(screen()).toBe('profiles');
    expect(document.activeElement).toBe(bin('genauth'));
    bin('genauth')?.click();
    await settled();
    await press('Remove');
    expect(host.performed).toEqual([{ name: 'remove_profile', profile: 'genauth' }]);
    expect(row('genauth')).toBeNull();
    expect(document.activeElement).toBe(row('example'));
  });

  it('close once another profile is chosen, and not before', async () => {
    const host = await open('profiles-going');
    expect(screen()).toBe('profiles');
    expect(row('genauth')?.getAttribute('aria-busy')).toBe('true');
    expect(row('letters')?.getAttribute('aria-busy')).toBe('false');
    if (app) {
      await unmount(app);
    }
    expect(names(host)).toEqual(['use_profile']);
    await open('profiles');
    row('genauth')?.click();
    await settled();
    expect(screen()).toBeUndefined();
  });

  it.each([
    ['profiles-use-refused', 'local_provider_not_started', 'keyfob-identity was not found beside the app.'],
    ['profiles-remove-refused', 'keyring_locked', 'The profile is still there: the keyring is locked'],
    ['add-profile-refused', 'config_invalid', "Keyfob's configuration file stands in the way."],
  ])('say what was refused until it is dismissed, and keep the focus (%s)', async (name, reason, words) => {
    await open(name);
    expect(alert()?.getAttribute('data-reason')).toBe(reason);
    expect(alert()?.textContent).toContain(words);
    window.dispatchEvent(new Event('focus'));
    await settled();
    button('Dismiss').focus();
    await press('Dismiss');
    expect(alert()).toBeNull();
    expect(screen()).toBeDefined();
    expect(document.activeElement?.closest('main')).not.toBeNull();
  });

  it('show nothing but the way out of a configuration that cannot be read', async () => {
    const host = await open('profiles-config-invalid');
    expect(alert()?.textContent).toContain('TOML parse error at line 4');
    expect(labels()).toEqual(['', 'Try again']);
    host.refusals.clear();
    button('Try again').focus();
    await press('Try again');
    expect(alert()).toBeNull();
    expect(document.activeElement).toBe(row('local'));
  });

  it.each([
    ['add-profile-wrong-issuer', 'issuer', 'This cannot be used. It calls itself'],
    ['add-profile-offline', 'issuer', 'This address cannot be reached.'],
    ['add-profile-no-provider', 'issuer', 'names. It is not JSON (HTTP 200)'],
    ['add-profile-no-client', 'client-id', 'The client ID is missing.'],
    ['add-profile-client-refused', 'client-id', 'The provider does not take this client.'],
  ])('say at the field what is wrong with it, and go there (%s)', async (name, id, words) => {
    await open(name);
    const field = document.querySelector<HTMLInputElement>(`#${id}`);
    expect(document.querySelectorAll('[aria-invalid="true"]')).toHaveLength(1);
    expect(field?.getAttribute('aria-invalid')).toBe('true');
    expect(field?.getAttribute('aria-describedby')).toBe(alert()?.id);
    expect(alert()?.textContent.replace(/\s+/g, ' ')).toContain(words);
    expect(document.activeElement).toBe(field);
  });

  it('say what is to be changed at the provider, where no field is wrong', async () => {
    await open('add-profile-at-the-provider');
    expect(document.querySelector('[aria-invalid="true"]')).toBeNull();
    expect(alert()?.textContent).toContain("set the ID token's signing algorithm to RS256");
  });

  it('say what a provider wants, and what of its issuer is the person\'s own', async () => {
    await open('add-profile-preset');
    expect(text()).toContain('At GenAuth: A native application');
    expect(text()).toContain('not tried yet');
    expect(text()).toContain('Your own in place of the braces');
    expect(document.querySelector<HTMLInputElement>('#issuer')?.placeholder).toBe('https://{app}.genauth.test/oidc');
    if (app) {
      await unmount(app);
    }
    await open('add-profile-preset-filled');
    expect(document.querySelector('code')?.textContent).toBe('dev.keyfob');
    expect(text()).toContain('Tried: a sign-in works.');
    expect(text()).toContain('exactly as it writes it');
  });

  it('add a profile on Enter, and end with what is to be allowed at the provider', async () => {
    await open('add-profile-works');
    expect(screen()).toBe('added');
    expect(document.activeElement).toBe(document.querySelector('h1'));
    expect(document.querySelector('h1')?.textContent).toBe('example is added');
    expect([...document.querySelectorAll('li')].map((each) => each.textContent)).toEqual([
      'dev.keyfob://callback/example',
      'http://127.0.0.1/callback/example',
    ]);
    await press('Continue');
    expect(screen()).toBeUndefined();
  });

  it('keep what is typed for who looks elsewhere', async () => {
    const host = await open('add-profile', { acts: [...(states['add-profile']?.acts ?? []), { type: 'https://id', into: 'issuer' }] });
    await key('Escape');
    await key('Escape');
    document.querySelector<HTMLElement>('.provider')?.click();
    await settled();
    await press('Add a profile');
    expect(document.querySelector<HTMLInputElement>('#issuer')?.value).toBe('https://id');
    expect(host.performed).toEqual([]);
  });

  it('give way when the link comes back', async () => {
    const host = await open('waiting-email');
    document.querySelector<HTMLElement>('.provider')?.click();
    await settled();
    expect(screen()).toBe('profiles');
    host.send(states.redeeming!.state!);
    await settled();
    expect(screen()).toBeUndefined();
  });
});

describe('the details', () => {
  const verdict = () => document.querySelector('[data-tone]')?.textContent.replace(/\s+/g, ' ').trim();

  it.each([
    ['details-unchecked', 'The signature could not be checked The provider cannot be reached. Check again'],
    [
      'details-refused',
      "The signature is not to be trusted This token did not pass verification. The token's signature is wrong",
    ],
  ])('say what happened, and then what the program knows about it (%s)', async (state, said) => {
    await open(state);
    expect(verdict()).toBe(said);
  });

  it('show what cannot be seen in what the program knows', async () => {
    const details = structuredClone(states['details-refused']!.details!);
    details.access.signature = {
      kind: 'refused',
      problem: { reason: 'verification_failed', detail: 'the token names the key \u202ek' },
    };
    await open('details-refused', { details });
    expect(verdict()).toContain('The token names the key U+202Ek');
  });

  it('say of a token that has ended when that was', async () => {
    await open('details-expired');
    expect(document.querySelector('[data-claim="exp"]')?.textContent).toContain('3 minutes ago');
  });
});

describe('the diagnostics', () => {
  const screen = () => main()?.dataset.screen;
  const row = (check: string) => document.querySelector(`[data-check="${check}"]`);
  const said = (check: string) => row(check)?.textContent.replace(/\s+/g, ' ').trim();
  const verdict = () => document.querySelector('.sentence')?.textContent.trim();
  const aloud = () => document.querySelector('p[role="status"]')?.textContent.trim();

  it.each(['sign-in', 'unknown-keyring-locked', 'waiting-email', 'signed-in'])(
    'open by Ctrl+Shift+D, begin at once, and close by Escape (%s)',
    async (state) => {
      const host = await open(state);
      await key('D', { ctrlKey: true, shiftKey: true });
      expect(screen()).toBe('diagnostics');
      expect(names(host)).toEqual(['check_up']);
      expect(document.activeElement?.textContent).toBe('Diagnostics');
      await key('Escape');
      expect(screen()).toBeUndefined();
    },
  );

  it.each(['waiting-notice-link-handler-missing', 'sign-in-notice-keyring-unavailable'])(
    'are behind what they know more about (%s)',
    async (state) => {
      await open(state);
      await press('Find out why');
      expect(screen()).toBe('diagnostics');
    },
  );

  it('say that it takes a moment', async () => {
    await open('diagnostics-checking');
    expect(aloud()).toBe('Checking…');
    expect(text()).toContain('This takes a few seconds');
    expect(labels()).not.toContain('Check again');
  });

  it('say that all is well, and have nothing to mend then', async () => {
    await open('diagnostics-well');
    expect(verdict()).toBe('Everything works.');
    expect(aloud()).toBe('Everything works.');
    expect(labels()).not.toContain('Fix what can be fixed');
    expect(said('keyring')).toBe('Fine: Keyring 42 ms Keeps what it is given');
  });

  it('tell what does not work from what only is not as it could be', async () => {
    await open('diagnostics-odd');
    expect(verdict()).toBe('It works. 1 thing is worth a look.');
    if (app) {
      await unmount(app);
    }
    await open('diagnostics-bad');
    expect(verdict()).toBe('2 things keep Keyfob from working.');
    expect(said('programs')).toContain('Worth a look: Programs');
    expect(said('keyring')).toContain('Wrong: Keyring');
    expect(said('link')).toContain('Not checked: Return link');
  });

  it('say what to do, and what is to be typed for it', async () => {
    await open('diagnostics-bad');
    expect(said('keyring')).toContain('Start one, such as gnome-keyring or KWallet; over SSH, dbus-run-session gives');
    expect(row('keyring')?.querySelector('code')?.textContent).toBe('dbus-run-session');
    // The window has a button for what the terminal has an option for.
    expect(said('handler')).toContain('Keyfob can fix this itself.');
    expect(said('handler')).not.toContain('--fix');
  });

  it('mend what can be mended, say so, and do not offer it again', async () => {
    const host = await open('diagnostics-bad', { mended: states['diagnostics-mended']?.mended ?? [] });
    button('Fix what can be fixed').focus();
    await press('Fix what can be fixed');
    expect(names(host)).toEqual(['check_up', 'mend']);
    expect(verdict()).toBe('1 thing keeps Keyfob from working.');
    expect(said('handler')).toContain('Fixed: keyfob-desktop-handler.desktop now opens links of dev.keyfob');
    expect(labels()).not.toContain('Fix what can be fixed');
    expect(document.activeElement?.textContent).toBe('Diagnostics');
  });

  it('put what is wrong first, then what is worth a look, and leave the rest in order', async () => {
    await open('diagnostics-bad');
    const order = [...document.querySelectorAll<HTMLElement>('[data-check]')].map(({ dataset }) => dataset.check);
    expect(order).toEqual(['keyring', 'handler', 'programs', 'configuration', 'link', 'provider', 'clock', 'proxy']);
  });

  it.each([
    ['diagnostics-mending', 'Check again', 'Fix what can be fixed', 'mend'],
    ['diagnostics-rechecking', 'Fix what can be fixed', 'Check again', 'check_up'],
  ])('take one thing at a time, and the button for the other one says so (%s)', async (state, other, own, asked) => {
    const host = await open(state);
    expect(button(other).getAttribute('aria-disabled')).toBe('true');
    expect(button(own).hasAttribute('aria-disabled')).toBe(false);
    await press(other);
    expect(names(host)).toEqual(['check_up', asked]);
  });

  it('keep what was found, and the focus, while they check again', async () => {
    const host = await open('diagnostics-bad');
    host.endless.add('check_up');
    button('Check again').focus();
    await press('Check again');
    await press('Check again');
    expect(names(host)).toEqual(['check_up', 'check_up']);
    expect(document.activeElement).toBe(button('Check again'));
    expect(button('Check again').getAttribute('aria-busy')).toBe('true');
    expect(document.querySelector('ul[aria-busy="true"]')).not.toBeNull();
    expect(verdict()).toBe('2 things keep Keyfob from working.');
    expect(aloud()).toBe('Checking…');
  });

  it('show what cannot be seen in a text, and make no markup of it', async () => {
    await open('diagnostics-long', {
      findings: [
        {
          ...states['diagnostics-long']!.findings![0]!,
          check: 'a_new_check',
          found: 'first\n  <b>second</b>\u202e',
          remedy: 'type `<i>`',
        },
      ],
    });
    expect(said('a_new_check')).toContain('a_new_check');
    expect(row('a_new_check')?.querySelector('b, i')).toBeNull();
    expect([...document.querySelectorAll('.excerpt span')].map((line) => line.textContent)).toEqual([
      '  <b>second</b>U+202E',
    ]);
    expect([...document.querySelectorAll('code')].map((code) => code.textContent)).toEqual(['U+202E', '<i>']);
  });

  it('that fail say why, and can be tried again', async () => {
    const host = await open('diagnostics-failed');
    expect(document.querySelector('[role="alert"]')?.getAttribute('data-reason')).toBe('diagnostics_failed');
    expect(text()).toContain('is not beside this one');
    host.refusals.clear();
    button('Check again').focus();
    await press('Check again');
    expect(document.querySelector('[role="alert"]')).toBeNull();
    expect(verdict()).toBe('Everything works.');
    expect(document.activeElement?.textContent).toBe('Diagnostics');
  });

  it('give way when the link comes back', async () => {
    const host = await open('waiting-email');
    await key('D', { ctrlKey: true, shiftKey: true });
    host.send(states['signed-in']!.state!);
    await settled();
    expect(screen()).toBeUndefined();
  });
});

describe('a failure', () => {
  it('is one sentence, its detail as text, and one button', async () => {
    const fixture = states['sign-in-provider-refused'];
    const state = structuredClone(fixture?.state);
    if (state?.stage.kind !== 'signed_out' || !state.stage.problem) {
      throw new Error('the fixture has a problem');
    }
    state.stage.problem.detail = '<b>no</b>';
    await open('sign-in-provider-refused', { state });
    const alert = document.querySelector('[role="alert"]');
    expect(alert?.getAttribute('data-reason')).toBe('provider_refused');
    expect(alert?.textContent).toContain('The provider refused the request.');
    expect(alert?.textContent).toContain('<b>no</b>');
    expect(alert?.querySelector('b')).toBeNull();
    expect(alert?.querySelectorAll('button')).toHaveLength(1);
  });

  it('that only the person can mend has no button', async () => {
    await open('sign-in-config-invalid');
    const alert = document.querySelector('[role="alert"]');
    expect(alert?.textContent).toContain('Correct it and start Keyfob again.');
    expect(alert?.querySelector('button')).toBeNull();
  });

  it('before a session leads to the field when nothing is typed', async () => {
    const host = await open('sign-in-sign-in-needed');
    button('Sign in again').focus();
    await press('Sign in again');
    expect(document.activeElement).toBe(document.querySelector('input'));
    expect(names(host)).toEqual([]);
  });

  it.each(['notice-all', 'unknown-keyring-locked'])('as a notice is told in whole sentences (%s)', async (name) => {
    await open(name);
    const told = [...document.querySelectorAll('[data-notice] p')].map((each) => {
      const own = each.cloneNode(true) as Element;
      own.querySelectorAll('.detail, button').forEach((each) => each.remove());
      return own.textContent.replace(/\s+/g, ' ').trim();
    });
    expect(told).not.toEqual([]);
    expect(told.filter((each) => !each.endsWith('.'))).toEqual([]);
  });

  it('keeps its button, at work and with the focus, until that has ended', async () => {
    const host = await open('redeeming-offline');
    host.endless.add('try_again');
    button('Try again').focus();
    await press('Try again');
    host.send(states['redeeming']!.state!);
    await settled();
    expect(button('Try again').getAttribute('aria-busy')).toBe('true');
    expect(document.activeElement).toBe(button('Try again'));
  });

  it.each([
    ['redeeming-offline', 'Try again', 'redeeming', 'h1'],
    ['signed-in-offline', 'Try again', 'signed-in', '.primary'],
    ['signed-in-link-foreign', 'Dismiss', null, '.primary'],
    ['waiting-clipboard-failed', 'Try again', 'waiting-email-60s', 'h1'],
    ['sign-in-offline', 'Try again', 'sign-in', 'input'],
    ['sign-in-offline', 'Try again', 'waiting-email', 'h1'],
  ])('that is mended leaves the focus on the screen (%s, "%s")', async (name, label, next, place) => {
    const host = await open(name);
    button(label).focus();
    await press(label);
    if (next) {
      host.send(states[next]!.state!);
    }
    await settled();
    expect(document.querySelector('[role="alert"]')).toBeNull();
    expect(document.activeElement).toBe(document.querySelector(place));
  });

  it('to sign out says that one is still signed in, and can be tried again', async () => {
    const host = await open('signed-in-sign-out-refused');
    const alert = document.querySelector('[role="alert"]');
    expect(alert?.textContent).toContain('You are still signed in: the keyring did not delete the session.');
    expect(alert?.textContent).not.toContain('Unlock or start one');
    await press('Try again');
    expect(names(host)).toEqual(['sign_out', 'sign_out']);
  });

  it('can be told twice', async () => {
    const state = structuredClone(states['notice-clock-wrong']!.state!);
    state.notices = [...state.notices, ...state.notices];
    await open('notice-clock-wrong', { state });
    expect(document.querySelectorAll('[data-notice="clock_wrong"]')).toHaveLength(2);
  });

  it('as a notice is read out when it comes, as an item of a list', async () => {
    const host = await open('sign-in');
    const live = document.querySelector('main > [role="status"]');
    expect(live?.childElementCount).toBe(0);
    host.send(states['notice-all']!.state!);
    await settled();
    expect(document.querySelector('[data-notice]')?.closest('[role="status"]')).toBe(live);
    expect(document.querySelector('[data-notice]')?.closest('ul')?.hasAttribute('role')).toBe(false);
  });

  it('that is worth knowing stops nobody', async () => {
    const host = await open('notice-all');
    expect([...document.querySelectorAll<HTMLElement>('[data-notice]')].map((each) => each.dataset.notice)).toEqual([
      'keyring_unavailable',
      'keyring_waiting',
      'keyring_locked',
      'keyring_damaged',
      'link_handler_missing',
      'clock_wrong',
    ]);
    await press('Continue in browser');
    expect(names(host)).toEqual(['continue_in_browser']);
  });
});

describe('a notice', () => {
  it('sets what the program knows as a sentence, and shows what cannot be seen in it', async () => {
    const state = structuredClone(states['notice-clock-wrong']!.state!);
    state.notices = [{ reason: 'clock_wrong', detail: 'it is 12\u202e min fast' }];
    await open('notice-clock-wrong', { state });
    expect(document.querySelector('[data-notice] .detail')?.textContent.trim()).toBe('It is 12U+202E min fast');
  });
});

describe('the window', () => {
  beforeEach(() => {
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(false);
  });

  it.each(['focus', 'visibilitychange'])('asks for what it missed on %s', async (event) => {
    const host = await open('waiting-email');
    host.sendNothing(states['signed-in']!.state!);
    (event === 'focus' ? window : document).dispatchEvent(new Event(event));
    await settled();
    expect(main()?.dataset.stage).toBe('signed_in');
  });

  it('never shows or keeps a token, should one ever be sent by mistake', async () => {
    const token = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg';
    const state = structuredClone(states['signed-in']!.state!);
    Object.assign(state, { token });
    Object.assign(state.stage, { access_token: token, refresh_token: token });
    const host = await open('signed-in', { state });
    host.perform = () => Promise.resolve(token as unknown as undefined);
    await press('Copy access token');
    await press('Refresh now');
    expect(text()).toContain('Access token copied');
    expect(document.documentElement.outerHTML).not.toContain('eyJ');
    expect(JSON.stringify({ ...localStorage, ...sessionStorage })).not.toContain('eyJ');
  });
});
