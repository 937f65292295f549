import { Tenant } from '../../../../../src/model';
import { platform } from '../platform';

/** A word that YAML reads as true. */
export const on = new Tenant(platform, 'on', { owner: { email: 'a@localhost' }, groups: { developers: '0' } });
