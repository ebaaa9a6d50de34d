import { describe, expect, it } from 'vitest';

import { MemoryHost, SETTINGS } from './host/memory';
import { Settings } from './settings.svelte';

const READ_ONLY = { reason: 'config_invalid', detail: 'config.toml cannot be written: Read-only file system' } as const;

async function opened(): Promise<{ host: MemoryHost; settings: Settings }> {
  const host = new MemoryHost();
  const settings = new Settings(host);
  await settings.look();
  return { host, settings };
}

describe('the settings', () => {
  it('are saved as they change, one at a time', async () => {
    const { host, settings } = await opened();
    await settings.change({ setting: 'theme', value: 'dark' });
    await settings.change({ setting: 'clipboard_seconds', value: 60 });
    expect(host.performed).toEqual([
      { name: 'change_setting', change: { setting: 'theme', value: 'dark' } },
      { name: 'change_setting', change: { setting: 'clipboard_seconds', value: 60 } },
    ]);
    expect(settings.view).toEqual({ ...SETTINGS, theme: 'dark', clipboard_seconds: 60 });
  });

  it('are shown at once, and the last one chosen is the one that stays', async () => {
    const { host, settings } = await opened();
    void settings.change({ setting: 'theme', value: 'dark' });
    expect(settings.view?.theme).toBe('dark');
    await settings.change({ setting: 'theme', value: 'light' });
    expect([settings.view?.theme, host.chosen.theme]).toEqual(['light', 'light']);
  });

  it('are as they were when they cannot be saved, say why, and are saved when that is asked again', async () => {
    const { host, settings } = await opened();
    host.refusals.set('change_setting', READ_ONLY);
    await settings.change({ setting: 'theme', value: 'dark' });
    expect([settings.view, settings.problem, settings.isUnsaved]).toEqual([SETTINGS, READ_ONLY, true]);
    host.refusals.clear();
    await settings.again();
    expect([settings.view?.theme, host.chosen.theme, settings.problem]).toEqual(['dark', 'dark', null]);
  });

  it('that cannot be read are asked for again', async () => {
    const { host, settings } = await opened();
    host.refusals.set('settings', READ_ONLY);
    await settings.look();
    expect([settings.problem, settings.isUnsaved]).toEqual([READ_ONLY, false]);
    host.refusals.clear();
    await settings.again();
    expect(settings.problem).toBeNull();
  });
});
