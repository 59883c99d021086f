"""Words that say nothing about the subject of a question: function words, question words, politeness."""

_RUSSIAN = """ а б бы был была были было быть в вам вами вас ваш ваша ваше ваши вашего вашей вашем вашу вашим
ваших во вот все всё всего всем всех весь вы где да даже для до добрый день вечер утро доброго его ее если
есть еще же за здравствуйте здравствуй и из или им их к как какая какие какими каких какого какое какой каком
какую каким ко когда кем кому кто куда ли либо лишь меня мне мной можно могу может можете мочь мы на над нам
нами нас наш наша наше наши не него нее ней нельзя нет ни нибудь ним них но ну нужно надо о об он она они оно
от очень по под пожалуйста подскажите скажите расскажите помогите поясните привет при про просто разве с сам
сама сами свой своя свое свои своего своей своем своих свою себе себя со спасибо столько так такая также такие
такой там те тебе тебя тем то тогда того тоже только том тот ту тут ты у уж уже хотел хотела хотели хотелось
хочу хочет хотим чего чей чем через что чтоб чтобы чья эта эти этим этих это этого этой этом этот эту я ли
будет будут буду будем будете имеется ага ок типа вообще прям прямо вдруг вроде кстати собственно интересует
интересно узнать знать хотите должен должна должны сделать делать сейчас теперь после перед между потом мой
моя мое мои моего моей моем мою моим моих сколько почему зачем откуда насколько который которая которое
которые которого которой которую
"""

_ENGLISH = """
a about after all also am an and any anyone anything are as at be because been before being but by can cannot
could d did do does doing dont doesnt didnt cant for from get gets getting give go going good got had has have
having he hello help her here hey hi him his how i if ill im in into is isnt it its ive just know let like ll
m may maybe me might mind more most much many must my myself need needs no not now of off ok on once one only
or other our out over own please possible re s she should so some somebody someone something still such t tell
than thank thanks that the their them then there these they thing things this those to too under until up us
use ve very want wanted wants was way we well were what whats when where which while who whom whose why will
with wont would yet you your yours yourself morning evening able long till yes yeah pls hiya folks guys
"""

STOP_WORDS = frozenset(word.replace("ё", "е") for word in (_RUSSIAN + _ENGLISH).split())
