import { render } from 'preact';
import '../ui/base.css';
import '../ui/phone.css';
import './team.css';
import { language } from '../i18n';
import { applyTheme, savedTheme } from '../ui/theme';
import { App } from './App';
import { Crew } from './crew';

document.documentElement.lang = language();
applyTheme(savedTheme());
const root = document.getElementById('app');
if (root) render(<App crew={new Crew(Number(root.dataset['standingEveryMs']) || undefined)} />, root);
