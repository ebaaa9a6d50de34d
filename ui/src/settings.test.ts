import { describe, expect, it } from 'vitest';

import { SETTINGS } from './gallery/states';
import { MemoryHost } from './host/memory';
import { Settings } from './settings.svelte';

const READ_ONLY = { reason: 'config_invalid', detail: 'config.toml cannot be written: Read-only file system' } as const;

async function opened(): Promise<{ host: MemoryHost; settings: Settings }> {
  const host = new MemoryHost();
  host.chosen = SETTINGS;
  const settings = new Settings(host);
  await settings.look();
  return { host, settings };
}

describe('the settings', () => {
  it('are saved as they change, whole', async () => {
    const { host, settings } = await opened();
    await settings.change({ theme: 'dark' });
    await settings.change({ clipboard_seconds: 60 });
    expect(host.chosen).toEqual({ ...SETTINGS, theme: 'dark', clipboard_seconds: 60 });
  });

  it('are shown at once, and the last one chosen is the one that stays', async () => {
    const { host, settings } = await opened();
    void settings.change({ theme: 'dark' });
    expect(settings.view?.theme).toBe('dark');
    await settings.change({ theme: 'light' });
    expect([settings.view?.theme, host.chosen.theme]).toEqual(['light', 'light']);
  });

  it('are as they were when they cannot be saved, and say why', async () => {
    const { host, settings } = await opened();
    host.refusals.set('change_settings', READ_ONLY);
    await settings.change({ theme: 'dark' });
    expect([settings.view, settings.problem]).toEqual([SETTINGS, READ_ONLY]);
    host.refusals.clear();
    await settings.change({ theme: 'dark' });
    expect([settings.view?.theme, settings.problem]).toEqual(['dark', null]);
  });

  it('that cannot be read are asked for again', async () => {
    const { host, settings } = await opened();
    host.refusals.set('settings', READ_ONLY);
    await settings.look();
    expect(settings.problem).toEqual(READ_ONLY);
    host.refusals.clear();
    await settings.look();
    expect(settings.problem).toBeNull();
  });
});
