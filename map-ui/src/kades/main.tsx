import { render } from 'preact';
import '../ui/base.css';
import '../ui/phone.css';
import './kades.css';
import { language } from '../i18n';
import { applyTheme, savedTheme } from '../ui/theme';
import { App } from './App';
import { Phone } from './phone';

document.documentElement.lang = language();
applyTheme(savedTheme());
const root = document.getElementById('app');
if (root) render(<App phone={new Phone()} />, root);
