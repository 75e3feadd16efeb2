import { render } from 'preact';
import '../ui/base.css';
import './desk.css';
import { language } from '../i18n';
import { applyTheme, savedTheme } from '../ui/theme';
import { App } from './App';
import { Desk } from './desk';

document.documentElement.lang = language();
applyTheme(savedTheme());
const root = document.getElementById('app');
if (root) render(<App desk={new Desk()} />, root);
