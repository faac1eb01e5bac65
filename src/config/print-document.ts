import { configurationDocument } from './document.js';

process.stdout.write(configurationDocument());
