import { beforeEach, describe, expect, it, vi } from 'vitest';
import { firstStyle, ownStyle, standIn } from '../src/crew/map/style';
import type { MapInfo } from '../src/shared/api/wire';

const plain: MapInfo = { jurisdiction: 'ingeville', base_tiles: '/v1/tiles/ingeville/base/{z}/{x}/{y}.mvt?v=7', alert_tiles: '', bounds: [-4.54, 46.47, -4.46, 46.53], min_zoom: 10, max_zoom: 15, style_url: null };
const styled: MapInfo = { ...plain, style_url: 'https://inside.example/styles/town.json?night' };
const address = 'https://v.example/styles/town.json?night';

let warned: unknown[][];

beforeEach(() => {
  vi.stubGlobal('location', new URL('https://v.example/equipe/'));
  warned = [];
  vi.spyOn(console, 'warn').mockImplementation((...words) => void warned.push(words));
});

describe('the map’s style', () => {
  it('is the town’s, at the address by which this page came, where there is a network', () => {
    expect(firstStyle(styled, true)).toBe(address);
    expect(firstStyle(plain, true)).toEqual(ownStyle(plain));
    expect(firstStyle(null, true)).toEqual(ownStyle(null));
  });

  it('is the app’s without network, from the tiles that the tablet keeps', () => {
    const style = firstStyle(styled, false);
    expect(style).toEqual(ownStyle(styled));
    expect(style).toMatchObject({ sources: { base: { tiles: ['https://v.example/v1/tiles/ingeville/base/{z}/{x}/{y}.mvt?v=7'] } } });
  });

  it('is the app’s once the town’s does not come, and that is said', () => {
    const show = vi.fn();
    const { failed } = standIn(styled, address, show);
    failed('AJAXError: 502');
    expect(show.mock.calls).toEqual([[ownStyle(styled)]]);
    expect(warned).toEqual([['map:', 'AJAXError: 502']]);
    failed('a tile');
    expect(show).toHaveBeenCalledTimes(1);
  });

  it('stays the town’s when only a tile is missing', () => {
    const show = vi.fn();
    const { loaded, failed } = standIn(styled, address, show);
    loaded();
    failed('a tile');
    expect(show).not.toHaveBeenCalled();
    expect(warned).toEqual([['map:', 'a tile']]);
  });

  it('of the app itself is not put in place of itself', () => {
    const show = vi.fn();
    standIn(plain, ownStyle(plain), show).failed('a tile');
    expect(show).not.toHaveBeenCalled();
  });
});
