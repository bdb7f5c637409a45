// Names for the shapes of openapi.yaml that the app works with. GeoJSON points are [lon, lat], times RFC 3339.
import type { components, paths } from './schema';

type Schemas = components['schemas'];

export type Catalogue = Schemas['CatalogueAnswer'];
export type Category = Schemas['CategoryAnswer'];
export type Localized = Schemas['Localized'];
export type SignedIn = Schemas['SignedIn'];
export type TokenPair = Schemas['TokenPair'];
export type PhotoView = Schemas['PhotoView'];
export type Agent = Schemas['Agent'];
export type MapInfo = Schemas['MapBody'] & { bounds: [west: number, south: number, east: number, north: number] };
export type Point = Schemas['PointBody'];
export type Step = Schemas['Step'];
export type Kind = Schemas['FieldKind'];
export type SyncTask = Schemas['SyncTask'];
export type SyncReport = Schemas['SyncReport'];
export type SyncPhoto = Schemas['SyncPhoto'];
export type GoneReason = Schemas['GoneReason'];
export type Material = Schemas['Material'];
export type Problem = Partial<Schemas['ProblemBody']> & { reason?: string };

export type SyncPage = Omit<Schemas['SyncAnswer'], 'receipts'> & { receipts: Receipt[] };
export type Crew = SyncPage['crews'][number];

/** A page of what the server keeps of the person's own actions, newest first. */
export type KeptPage = paths['/v1/me/field-actions']['get']['responses'][200]['content']['application/json'];

/** The API's description leaves open what these two hold. */
export type Receipt = Omit<Schemas['Receipt'], 'problem'> & { problem?: { errors?: { field: string; code: string }[] } | null };
export type Action = Omit<Schemas['FieldAction'], 'report'> & { report?: SiteReport };

/** A report that a crew makes on site; its id is the tablet's own. */
export type SiteReport = Omit<Schemas['NewReport'], 'answers'> & { id: string; answers?: Record<string, unknown> };
